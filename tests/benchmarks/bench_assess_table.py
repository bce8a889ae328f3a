"""How long a cohort takes, from the command to both files: bench_assess_table.py [--large].

``python tests/benchmarks/bench_assess_table.py`` assesses 1,000 and 10,000 subjects (with --large
also 100,000) of eight time points, five targets, a non-target and a new lesion by RECIST 1.1, each
in a process of its own on one core, and prints seconds, peak memory and rows a second. Then it runs
the target response of RECIST 1.1 as an analyst would write it with pandas, on a sample, checks that
both say the same, and prints how many times longer it takes for as many subjects (seconds of the
CPU, so that what else the machine does counts in neither).
"""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import os
import random
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

COLUMNS = "subject,time_point,date,evaluator,evaluator_id,lesion,role,organ,node,method,diameter_mm"
FIRST = dt.date(2024, 1, 1)
TIME_POINTS, TARGETS, EVERY_DAYS = 8, 5, 56
SAMPLE = 200
COMMAND = "from response.cli import main; main()"


def write_cohort(folder: Path, subjects: int) -> tuple[Path, int]:
    """Write a measurement table and its subjects; give its path and how many rows it has."""
    chance, rows, path = random.Random(1), 0, folder / f"lesions_{subjects}.csv"
    beside = folder / f"subjects_{subjects}.csv"
    with path.open("w", newline="") as file, beside.open("w", newline="") as dates:
        table, known = csv.writer(file), csv.writer(dates)
        table.writerow([*COLUMNS.split(","), "state"])
        known.writerow(["subject", "treatment_start"])
        for number in range(subjects):
            start = FIRST + dt.timedelta(number % 200)
            known.writerow([f"S{number:06d}", start])
            for row in draw_subject(chance, f"S{number:06d}", start):
                table.writerow(row)
                rows += 1
    return path, rows


def draw_subject(chance: random.Random, name: str, start: dt.date) -> list[list[str]]:
    """The rows of one subject: targets shrink and grow, a new lesion may come late."""
    lengths = [chance.randint(150, 600) for _ in range(TARGETS)]
    new = chance.randint(3, 3 * TIME_POINTS)
    rows = []
    for number in range(TIME_POINTS):
        day = (start + dt.timedelta(EVERY_DAYS * number)).isoformat()
        scan = [name, f"W{8 * number}", day, "INVESTIGATOR", ""]
        for lesion, length in enumerate(lengths):
            organ = f"organ {lesion // 2}"
            size = f"{length / 10:.1f}"
            rows.append([*scan, f"T{lesion}", "TARGET", organ, "false", "CT", size, ""])
        rows.append([*scan, "P1", "NON_TARGET", "liver", "false", "CT", "", "PRESENT"])
        called = "UNEQUIVOCAL" if number >= new else "ABSENT"
        if number:
            rows.append([*scan, "N1", "NEW", "lung", "false", "CT", "", called])
        lengths = [max(10, int(length * chance.uniform(0.8, 1.15))) for length in lengths]
    return rows


def run_command(folder: Path, table: Path) -> tuple[float, float, float]:
    """Assess a table in a process of its own: seconds from start to end, of the CPU; peak MB."""
    beside = table.with_name(table.name.replace("lesions", "subjects"))
    words = ["assess-table", str(table), "--subjects", str(beside), "--out", str(folder / "out")]
    begun = time.perf_counter()
    child = os.posix_spawn(sys.executable, [sys.executable, "-c", COMMAND, *words], os.environ)
    _, status, used = os.wait4(child, 0)
    if status:
        raise SystemExit(f"assess-table ended with {os.waitstatus_to_exitcode(status)}")
    seconds = time.perf_counter() - begun
    return seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


# ------------------------------------------------------------------------------ with pandas


def assess_with_pandas(path: Path, sample: int) -> tuple[pd.Series, float]:
    """Overall responses (Table 1) of some subjects by time point, and CPU seconds for them."""
    table = pd.read_csv(path, keep_default_na=False, nrows=sample * 70)
    chosen = table["subject"].drop_duplicates()[:sample]
    table = table[table["subject"].isin(chosen)].copy()
    table["diameter_mm"] = pd.to_numeric(table["diameter_mm"])
    begun = time.process_time()
    groups = table.groupby(["subject", "evaluator"], group_keys=True)
    overall = groups[list(table.columns)].apply(assess_group)
    return overall, time.process_time() - begun


def assess_group(group: pd.DataFrame) -> pd.Series:
    """One subject as one reader read it: sum, nadir, target response, Table 1."""
    targets = group[group["role"] == "TARGET"]
    sums = targets.groupby("date")["diameter_mm"].sum().sort_index()
    baseline, said = sums.iloc[0], {}
    for number in range(1, len(sums)):
        date, total, nadir = sums.index[number], sums.iloc[number], sums.iloc[:number].min()
        here = group[group["date"] == date]
        rest = here[here["role"] == "NON_TARGET"]["state"]
        new = (here[here["role"] == "NEW"]["state"] == "UNEQUIVOCAL").any()
        if (targets.loc[targets["date"] == date, "diameter_mm"] == 0).all():
            target = "CR"
        elif round(5 * total - 6 * nadir, 6) >= 0 and round(total - nadir, 6) >= 5:
            target = "PD"
        else:
            target = "PR" if round(10 * total - 7 * baseline, 6) <= 0 else "SD"
        if new or target == "PD" or (rest == "UNEQUIVOCAL_PROGRESSION").any():
            said[date] = "PD"
        elif target == "CR":
            said[date] = "CR" if (rest == "ABSENT").all() else "PR"
        else:
            said[date] = target
    return pd.Series(said, name="overall_response").rename_axis("date")


def compare(folder: Path, overall: pd.Series) -> int:
    """How many overall responses of pandas the program's file also has; all, or it ends here."""
    ours = pd.read_csv(folder / "out" / "assessments.csv", keep_default_na=False)
    keys = ["subject", "evaluator", "date"]
    effective = ours.sort_values("as_of").drop_duplicates(keys, keep="last")
    ours_by_key = effective.set_index(keys)["overall_response"]
    theirs = overall.stack() if isinstance(overall, pd.DataFrame) else overall
    theirs.index.names = keys
    differing = theirs[ours_by_key.reindex(theirs.index) != theirs]
    if len(differing):
        raise SystemExit(f"pandas says otherwise:\n{differing.head()}")
    return len(theirs)


def main() -> None:
    """Print a line for every size, and the ratio to pandas."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--large", action="store_true", help="100,000 subjects too")
    sizes = [1_000, 10_000, *([100_000] if parser.parse_args().large else [])]
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for subjects in sizes:
            table, rows = write_cohort(folder, subjects)
            seconds, worked, peak = run_command(folder, table)
            print(
                f"{subjects:>7} subjects, {rows:>8} rows: {seconds:6.2f} s "
                f"({worked:.2f} of the CPU), peak {peak:4.0f} MB, "
                f"{rows / seconds:8.0f} rows/s, {1e3 * seconds / subjects:.2f} ms a subject"
            )
        overall, took = assess_with_pandas(table, SAMPLE)
        same = compare(folder, overall)
    scaled = took * subjects / SAMPLE
    print(
        f"pandas groupby().apply: {took:.2f} s for {SAMPLE} subjects, {scaled:.0f} s for "
        f"{subjects}: {scaled / worked:.1f} times as long ({same} overall responses are the same)"
    )


if __name__ == "__main__":
    main()
