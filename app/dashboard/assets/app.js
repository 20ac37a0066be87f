// What the browser does itself: follow links without a new page, keys, colour scheme, focus. No state lives here: the
// address holds it all.
(function () {
  const $ = (selector) => document.querySelector(selector);
  const SINGLE = "tieout-single-keys";
  let armed = 0; // until when the second key of "g o" counts
  let held = null; // a selector of what has the focus: a redrawn page is made of new elements
  let scrolled = null; // how far which inspector was scrolled

  function kept(name) {
    try {
      return localStorage.getItem(name);
    } catch {
      return null;
    }
  }
  function keep(name, value) {
    try {
      localStorage.setItem(name, value);
    } catch {
      // private mode: the choice lasts as long as the page
    }
  }

  function follow(href) {
    const there = new URL(href, location.href);
    if (there.href === location.href) return;
    history.pushState({}, "", there.href);
    window.dispatchEvent(new CustomEvent("_dashprivate_pushstate"));
    if (there.hash) setTimeout(() => $(there.hash)?.scrollIntoView(), 600);
  }

  function say(text) {
    const told = document.getElementById("said");
    if (told) told.textContent = text;
  }

  function closeMenus(except) {
    for (const open of document.querySelectorAll("details[open]")) if (open !== except) open.open = false;
  }

  function switchScheme() {
    const next = document.documentElement.dataset.scheme === "dark" ? "light" : "dark";
    document.documentElement.dataset.scheme = next;
    keep("tieout-scheme", next);
    charts();
  }

  function showKeys() {
    const off = kept(SINGLE) === "off";
    $("#keys-switch").textContent = off ? "Switch single keys on" : "Switch single keys off";
    $("#keys-switch").setAttribute("aria-pressed", String(off));
    $("#keys").showModal();
  }

  async function copy(href) {
    try {
      await navigator.clipboard.writeText(new URL(href, location.href).href);
      say("Link copied");
    } catch {
      say("The browser does not allow copying; the link is in the address bar");
    }
  }

  document.addEventListener("click", (event) => {
    const at = event.target.closest("a, button, summary, [data-row]");
    closeMenus(event.target.closest("details"));
    if (!at) return;
    const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
    if (at.matches("a[data-app]") && plain) {
      event.preventDefault();
      closeMenus(null);
      follow(at.href);
    } else if (at.matches("[data-row]") && plain && !String(getSelection())) {
      at.querySelector("a[data-app]").click();
    } else if (at.matches('[data-key="d"]')) switchScheme();
    else if (at.matches('[data-key="?"]')) showKeys();
    else if (at.matches('[data-key="l"]')) copy(at.dataset.href || location.href);
    else if (at.matches("#keys-close")) $("#keys").close();
    else if (at.matches("#keys-switch")) {
      keep(SINGLE, kept(SINGLE) === "off" ? "on" : "off");
      $("#keys").close();
    } else if (at.matches("[data-reload]")) location.reload();
  });

  document.addEventListener("submit", (event) => {
    if (!event.target.matches('form[role="search"]')) return;
    event.preventDefault();
    const text = event.target.querySelector("input").value.trim();
    const there = new URL(event.target.action);
    const here = new URLSearchParams(location.search);
    if (here.has("plant")) there.searchParams.set("plant", here.get("plant"));
    const isId = /^EX-\d+$/i.test(text);
    if (text) there.searchParams.set(isId ? "open" : "q", isId ? text.toUpperCase() : text);
    follow(there.href);
  });

  function step(by) {
    const rows = [...document.querySelectorAll("[data-row] a[data-app]")];
    if (!rows.length) return;
    const at = rows.indexOf(document.activeElement);
    const selected = rows.findIndex((row) => row.closest('[aria-selected="true"], .selected'));
    const from = at >= 0 ? at : selected;
    rows[Math.min(Math.max(from + by, 0), rows.length - 1)].focus();
  }

  const KEYS = {
    "/": () => $("#search")?.focus(),
    j: () => step(1),
    k: () => step(-1),
    g: () => { armed = Date.now() + 1200; },
  };

  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    if (event.key === "Escape") {
      if ($("details[open]")) return closeMenus(null);
      if (typing) return typing.blur();
      if (!$("#keys")?.open) $('[data-key="Escape"]')?.click();
      return;
    }
    if (typing || event.ctrlKey || event.metaKey || event.altKey || $("#keys")?.open || kept(SINGLE) === "off") return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const going = armed > Date.now() && $(`[data-go="${CSS.escape(key)}"]`);
    armed = 0;
    const act = going ? () => going.click() : KEYS[key] || ($(`[data-key="${CSS.escape(key)}"]`) && (() => $(`[data-key="${CSS.escape(key)}"]`).click()));
    if (!act) return;
    event.preventDefault();
    act();
  });

  function selectorOf(element) {
    if (element.id) return `#${CSS.escape(element.id)}`;
    const name = ["data-key", "data-go", "href", "aria-label"].find((each) => element.hasAttribute(each));
    return name ? `${element.localName}[${name}="${CSS.escape(element.getAttribute(name))}"]` : null;
  }
  document.addEventListener("pointerdown", () => { held = null; }, true);
  document.addEventListener("focusin", (event) => { held = selectorOf(event.target); });
  document.addEventListener("scroll", (event) => {
    const id = event.target.dataset?.inspector;
    if (id) scrolled = { id, top: event.target.scrollTop };
  }, true);

  // A refresh waits while someone is in a menu, typing, or marking text.
  function isBusy() {
    return document.hidden || $("details[open], dialog[open], input:focus") || String(getSelection());
  }

  function restore(inspector, id) {
    if (held && document.activeElement === document.body) $(held)?.focus({ preventScroll: true });
    if (id && scrolled?.id === id) inspector.scrollTop = scrolled.top;
  }

  // Charts: the library comes with the first one; colours are looked up in the scheme of the moment.
  let library = null;
  function charts() {
    const all = [...document.querySelectorAll("[data-figure]")];
    if (!all.length) return;
    library ||= new Promise((done) => {
      const script = document.createElement("script");
      script.src = all[0].dataset.script;
      script.onload = done;
      document.head.append(script);
    });
    library.then(() => all.filter((each) => each.isConnected).forEach(plot));
  }
  function plot(element) {
    const style = getComputedStyle(document.documentElement);
    const text = element.dataset.figure.replace(/token:([a-z0-9-]+)/g, (_, name) => style.getPropertyValue(`--${name}`).trim());
    const figure = JSON.parse(text);
    const { margin, xaxis } = figure.layout; // a tick label of the time axis needs 44 px
    xaxis.nticks = Math.max(2, Math.min(xaxis.nticks, Math.floor((element.clientWidth - margin.l - margin.r) / 44)));
    window.Plotly.react(element, figure.data, figure.layout, { displayModeBar: false, responsive: true });
  }

  // After a page was drawn: name it, and put the focus where a reader expects it.
  let shown = null;
  let opened = null;
  function settled() {
    const title = $("main h1")?.textContent || "tieout";
    const inspector = $("[data-inspector]");
    const id = inspector?.dataset.inspector || null;
    document.title = (id ? `${id} · ` : "") + `${title} · tieout`;
    let told = "";
    restore(inspector, id);
    charts();
    if (shown !== null && shown !== location.pathname) {
      $("#main").focus();
      window.scrollTo(0, 0);
      told = title;
    } else if (id !== opened && id) {
      told = `${id} opened`;
      if (getComputedStyle(inspector).position === "fixed") $("[data-key='Escape']")?.focus();
    } else if (opened && !id) {
      told = "Closed";
      document.getElementById(`row-${opened}`)?.focus();
    }
    shown = location.pathname;
    opened = id;
    if (told) say(told);
  }

  // At once, not with the next frame: a reader faster than the screen closes what was not yet noticed as open.
  new MutationObserver((changes) => {
    const drawn = ({ type, target }) =>
      target.closest?.("#main") && (type === "attributes" || !target.closest("[data-figure]"));
    if (changes.some(drawn)) settled();
  }).observe(document, { childList: true, subtree: true, attributeFilter: ["data-figure", "data-inspector"] });

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    tieout: {
      tick: (n) => (isBusy() ? window.dash_clientside.no_update : n),
    },
  });
})();
