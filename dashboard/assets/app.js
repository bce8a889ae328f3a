/* What happens in the browser: slices, clicks on figures, finding a row, an ended session. */
(function () {
  "use strict";

  // ------------------------------------------------------------- a session that has ended
  const fetchPlain = window.fetch;
  window.fetch = async function (...request) {
    const reply = await fetchPlain.apply(this, request);
    if (reply.status === 401) {
      const here = location.pathname + location.search;
      location.assign("/login?next=" + encodeURIComponent(here));
    }
    return reply;
  };

  // ---------------------------------------------------------------------------- slices
  const PREFETCH = 4;

  function sliceUrl(data, index) {
    return data.href.replace(data.mark, index);
  }

  function prefetch(data, index, direction, count) {
    for (let step = 1; step <= PREFETCH; step += 1) {
      const next = index + direction * step;
      if (next >= 0 && next < count) new Image().src = sliceUrl(data, next);
    }
  }

  function rememberSlice(group, index) {
    const query = new URLSearchParams(location.search);
    const slices = new Map(
      (query.get("slices") || "").split(",").filter(Boolean).map((part) => part.split(":")));
    slices.set(group, String(index));
    query.set("slices", [...slices].map((pair) => pair.join(":")).join(","));
    history.replaceState(history.state, "", location.pathname + "?" + query.toString());
  }

  const lastShown = {};

  function showSlice(index, data, figure, id) {
    const noUpdate = window.dash_clientside.no_update;
    if (!data || !figure || index === undefined || index === null) return [noUpdate, noUpdate];
    const parts = { outline: data.outlines, uptake: data.uptake };
    const traces = figure.data.map((trace) => {
      const lines = parts[trace.meta];
      if (!lines) return { ...trace, visible: index === data.measured };
      const line = lines[String(index)] || [[], []];
      return { ...trace, x: line[0], y: line[1] };
    });
    /* The first image is the slice; the scale of uptake beside it stays. */
    const images = figure.layout.images.map((image, number) =>
      number === 0 ? { ...image, source: sliceUrl(data, index) } : image);
    const shapes = figure.layout.shapes.map((shape) =>
      shape.type === "circle" ? { ...shape, visible: index === data.expected } : shape);
    const direction = index >= (lastShown[id.slot] ?? index) ? 1 : -1;
    lastShown[id.slot] = index;
    const pane = document.querySelector(`[data-slot="${id.slot}"]`);
    const group = pane ? pane.dataset.group : id.slot;
    rememberSlice(group, index);
    const count = Number((pane && pane.dataset.count) || 0);
    prefetch(data, index, direction, count);
    if (pane) pane.dataset.index = index;
    followSlice(group, index);
    return [
      { ...figure, data: traces, layout: { ...figure.layout, images, shapes } },
      `slice ${index + 1}` + (count ? ` of ${count}` : "") +
        (index === data.measured ? ", the one measured" : ""),
    ];
  }

  /* Several views of one time point go through the slices together. */
  function followSlice(group, index) {
    for (const other of document.querySelectorAll(`[data-group="${group}"]`)) {
      if (other.dataset.index === String(index)) continue;
      other.dataset.index = index;
      window.dash_clientside.set_props(
        { type: "pane-slider", slot: other.dataset.slot }, { value: index });
    }
  }

  function stepSlice(pane, step) {
    const slot = pane.dataset.slot;
    const count = Number(pane.dataset.count);
    const index = Number(pane.dataset.index) + step;
    if (index < 0 || index >= count) return;
    pane.dataset.index = index;
    window.dash_clientside.set_props({ type: "pane-slider", slot: slot }, { value: index });
  }

  document.addEventListener("wheel", (event) => {
    const pane = event.target.closest && event.target.closest("[data-slot]");
    if (!pane) return;
    event.preventDefault();
    stepSlice(pane, event.deltaY > 0 ? 1 : -1);
  }, { passive: false });

  document.addEventListener("keydown", (event) => {
    const target = event.target;
    if (target.matches && target.matches("input, textarea, select")) return;
    const pane = target.closest && target.closest("[data-slot]");
    if (pane && ["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight"].includes(event.key)) {
      event.preventDefault();
      stepSlice(pane, ["ArrowDown", "ArrowRight"].includes(event.key) ? 1 : -1);
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "o") toggleOutline();
    if (event.key in CHIP_KEYS) stepChip(...CHIP_KEYS[event.key]);
  });

  // ------------------------------------------------------------- what lies under the pointer
  const READ_EVERY_MS = 70;
  let reading = null;
  let readAt = 0;

  function readoutOf(pane) {
    let shown = pane.querySelector(".readout");
    if (!shown) {
      shown = document.createElement("div");
      shown.className = "readout";
      pane.append(shown);
    }
    return shown;
  }

  async function readValues(pane, event) {
    const graph = pane.querySelector(".js-plotly-plot");
    const layout = graph && graph._fullLayout;
    const image = layout && layout.images[0];
    if (!image || !image.source.startsWith("/slice/")) return;
    const box = graph.getBoundingClientRect();
    const x = layout.xaxis.p2d(event.clientX - box.left - layout.xaxis._offset);
    const y = layout.yaxis.p2d(event.clientY - box.top - layout.yaxis._offset);
    if (reading) reading.abort();
    reading = new AbortController();
    const address = image.source.replace(".png?", "/value?");
    try {
      const reply = await fetch(
        `${address}&x=${x.toFixed(1)}&y=${y.toFixed(1)}`, { signal: reading.signal });
      readoutOf(pane).textContent = reply.ok ? await reply.text() : "";
    } catch (error) {
      if (error.name !== "AbortError") readoutOf(pane).textContent = "";
    }
  }

  document.addEventListener("mousemove", (event) => {
    const pane = event.target.closest && event.target.closest("[data-slot]");
    if (!pane || event.timeStamp - readAt < READ_EVERY_MS) return;
    readAt = event.timeStamp;
    readValues(pane, event);
  });

  document.addEventListener("mouseout", (event) => {
    const pane = event.target.closest && event.target.closest("[data-slot]");
    if (pane && !pane.contains(event.relatedTarget)) {
      if (reading) reading.abort();
      readoutOf(pane).textContent = "";
    }
  });

  /* Keys that go through a row of choices; the first and the last are next to each other. */
  const CHIP_KEYS = {
    v: ["View", 1], "]": ["Uptake, SUV", 1], "[": ["Uptake, SUV", -1],
    ".": ["Opacity", 1], ",": ["Opacity", -1],
  };

  function stepChip(label, step) {
    const choices = [...document.querySelectorAll(`nav[aria-label="${label}"] a.chip`)];
    const at = choices.findIndex((choice) => choice.classList.contains("chosen"));
    if (at >= 0) choices[(at + step + choices.length) % choices.length].click();
  }

  function toggleOutline() {
    const hidden = document.body.classList.toggle("no-outline");
    for (const button of document.querySelectorAll("[data-toggle-overlay]")) {
      button.textContent = hidden ? "Show outline (o)" : "Hide outline (o)";
      button.setAttribute("aria-pressed", String(hidden));
    }
  }

  document.addEventListener("click", (event) => {
    const target = event.target;
    if (target.closest && target.closest("[data-toggle-overlay]")) toggleOutline();
  });

  // ------------------------------------------------------------------ clicks on figures
  function currentQuery(keys) {
    const query = new URLSearchParams(location.search);
    const kept = new URLSearchParams();
    for (const key of keys) if (query.get(key)) kept.set(key, query.get(key));
    return kept;
  }

  function openLesion(click) {
    const data = click && click.points && click.points[0].customdata;
    if (!data) return window.dash_clientside.no_update;
    const query = currentQuery(["reader", "criterion"]);
    if (Array.isArray(data)) {
      query.set("tp", data[1]);
      return location.pathname + "/lesion/" + encodeURIComponent(data[0]) + "?" + query;
    }
    query.set("tp", data);
    return location.pathname + "?" + query;
  }

  function openSubject(click) {
    const href = click && click.points && click.points[0].customdata;
    return typeof href === "string" ? href : window.dash_clientside.no_update;
  }

  // -------------------------------------------------- links that keep what was scrolled to
  const KEEPS_SLICES = ["Window", "Field", "View", "Uptake, SUV", "Opacity"];
  let pressed = null;
  let focusNext = null;

  document.addEventListener("click", (event) => {
    const anchor = event.target.closest && event.target.closest("nav.chips a.chip");
    if (!anchor || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const label = anchor.closest("nav").getAttribute("aria-label");
    pressed = { label: label, text: anchor.textContent };
    const slices = new URLSearchParams(location.search).get("slices");
    if (!slices) return;
    if (!KEEPS_SLICES.includes(label)) {
      /* What is chosen already would not be asked for again: load it, back at its own slices. */
      if (anchor.classList.contains("chosen")) {
        event.preventDefault();
        event.stopPropagation();
        location.assign(anchor.href);
      }
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    const query = new URLSearchParams(new URL(anchor.href).search);
    query.set("slices", slices);
    window.dash_clientside.set_props("url", { search: "?" + query });
  }, true);

  /* A page that comes in place of another must not drop the keyboard at the top of the document. */
  function keepPlace() {
    const next = focusNext && document.querySelector(focusNext);
    focusNext = null;
    if (next) next.focus({ preventScroll: true });
    if (!pressed) return;
    for (const anchor of document.querySelectorAll(`nav[aria-label="${pressed.label}"] a.chip`)) {
      if (anchor.textContent === pressed.text) anchor.focus({ preventScroll: true });
    }
    pressed = null;
  }

  document.addEventListener("DOMContentLoaded", () => {
    new MutationObserver((changes) => {
      if (changes.some((change) => change.target.id === "page")) keepPlace();
    }).observe(document.body, { childList: true, subtree: true });
  });

  // ------------------------------------------------------- what a visitor does to an alert
  /* A form is sent once and without leaving the page, which is then asked for anew. */
  async function sendForm(form, button) {
    const refusal = form.querySelector(".refusal");
    const action = (button && button.getAttribute("formaction")) || form.getAttribute("action");
    form.dataset.sending = "yes";
    refusal.textContent = "";
    try {
      const body = new URLSearchParams(new FormData(form));
      const reply = await fetch(action, { method: "POST", body, redirect: "manual" });
      if (reply.type === "opaqueredirect") {
        focusNext = "#alert-title";
        showAgain();
      } else if (reply.status !== 401) {
        refusal.textContent = (await reply.text()).slice(0, 400);
      }
    } catch (error) {
      refusal.textContent = "The server did not answer: it is not known whether this was done.";
    } finally {
      delete form.dataset.sending;
    }
  }

  let shownAt = Date.now();

  function showAgain() {
    shownAt = Date.now();
    window.dash_clientside.set_props("url", { search: location.search });
  }

  /* An inbox that is left open shows what has come meanwhile, unless somebody is writing in it. */
  const SHOW_AGAIN_MS = 5 * 60 * 1000;
  const COME_BACK_MS = 60 * 1000;

  function isWriting() {
    const fields = [...document.querySelectorAll("form.act textarea")];
    const focused = document.activeElement;
    return fields.some((field) => field.value) || Boolean(focused && focused.closest("form.act"));
  }

  function showNews(after) {
    if (location.pathname !== "/alerts" || document.hidden || isWriting()) return;
    if (Date.now() - shownAt >= after) showAgain();
  }

  setInterval(() => showNews(SHOW_AGAIN_MS), 30 * 1000);
  document.addEventListener("visibilitychange", () => showNews(COME_BACK_MS));

  /* A box whose entries are addresses. */
  document.addEventListener("change", (event) => {
    if (!event.target.matches("select.goes")) return;
    const address = new URL(event.target.value, location.origin);
    window.dash_clientside.set_props("url", { search: address.search });
  });

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("form.act")) return;
    event.preventDefault();
    if (!form.dataset.sending) sendForm(form, event.submitter);
  });

  document.addEventListener("click", (event) => {
    const anchor = event.target.closest && event.target.closest("a.opens-alert");
    if (anchor && !event.ctrlKey && !event.metaKey && !event.shiftKey) focusNext = "#alert-title";
  }, true);

  // ------------------------------------------------------------------------ find a row
  function filterRows(text) {
    const wanted = (text || "").trim().toLowerCase();
    let shown = 0;
    for (const row of document.querySelectorAll("#cohort-table tbody tr")) {
      const name = row.querySelector("th").textContent.toLowerCase();
      row.hidden = !name.includes(wanted);
      if (!row.hidden) shown += 1;
    }
    return shown === 1 ? "1 row" : `${shown} rows`;
  }

  window.dccFunctions = Object.assign({}, window.dccFunctions, {
    slice_number: (index) => `slice ${index + 1}`,
  });

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    response: {
      show_slice: showSlice,
      open_lesion: openLesion,
      open_subject: openSubject,
      filter_rows: filterRows,
    },
  });
})();
