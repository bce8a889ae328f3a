"""What each rule is called, and what it means, in words that name nobody.

Examples
--------
>>> name_rule("new_lesion"), name_rule("a_rule_of_later")
('New lesion', 'A rule of later')
"""

from __future__ import annotations

from typing import NamedTuple


class RuleWords(NamedTuple):
    """A rule's name, and one sentence on what it found."""

    name: str
    meaning: str


WORDS: dict[str, RuleWords] = {
    "progression": RuleWords("Progression", "A time point was assessed as progression."),
    "recurrence": RuleWords("Recurrence", "Disease is seen again after a complete response."),
    "new_lesion": RuleWords("New lesion", "A lesion is seen that was not there before."),
    "first_lesion": RuleWords(
        "First lesion under surveillance", "A lesion is seen where there was none under follow-up."
    ),
    "reappeared": RuleWords("Lesion reappeared", "A lesion that was gone is seen again."),
    "early_growth": RuleWords(
        "Early growth", "The lesions grow faster than the protocol allows; no progression yet."
    ),
    "near_progression": RuleWords(
        "Near progression", "The sum of diameters is close to the limit of progression."
    ),
    "uptake_rise": RuleWords("Uptake rises", "The uptake of a lesion has risen on PET."),
    "confirm_progression": RuleWords(
        "Progression to be confirmed", "The window to confirm a progression is open."
    ),
    "confirm_progression_closing": RuleWords(
        "Progression to be confirmed soon", "The window to confirm a progression closes soon."
    ),
    "confirm_response": RuleWords(
        "Response to be confirmed", "A response can be confirmed by a scan from now on."
    ),
    "scan_overdue": RuleWords("Scan overdue", "A scan that the protocol asks for has not come."),
    "missed_follow_up": RuleWords("Missed follow-up", "A follow-up was missed altogether."),
    "date_to_come": RuleWords(
        "Dated in the future", "A time point carries a date that is still to come."
    ),
    "match_review": RuleWords("Match to be reviewed", "A match of lesions waits for a person."),
    "registration_review": RuleWords(
        "Registration to be reviewed", "A registration that is not trusted waits for a person."
    ),
    "reference_missing": RuleWords(
        "Reference region missing", "A PET cannot be compared before it is given a reference."
    ),
    "review_waiting": RuleWords("Review waiting", "A call has waited for a person too long."),
    "discordance": RuleWords("Readers differ", "Readers differ and nobody has settled it."),
    "runner_stopped": RuleWords(
        "Alerts are not evaluated", "No evaluation has run for longer than it should."
    ),
    "subject_refused": RuleWords(
        "A patient cannot be evaluated",
        "What is stored of a patient breaks a rule: whatever its alerts would say is missed.",
    ),
    "protocol_refused": RuleWords(
        "The protocol cannot be read", "Alerts are evaluated by the last one that could be read."
    ),
    "delivery_stopped": RuleWords(
        "Messages are not delivered", "Alerts wait in the outbox or could not be sent."
    ),
    "intake_stopped": RuleWords(
        "No new time points", "Nothing has been taken in for longer than it should."
    ),
}


def name_rule(rule: str) -> str:
    """Name a rule in words."""
    words = WORDS.get(rule)
    return words.name if words else rule.replace("_", " ").capitalize()


def explain_rule(rule: str) -> str:
    """Say in one sentence what a rule found; empty for a rule that is not known."""
    words = WORDS.get(rule)
    return words.meaning if words else ""
