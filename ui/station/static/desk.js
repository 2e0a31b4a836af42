// The desk's own hands: a keyboard-wedge scanner and the clock.
// Everything found here is told to the page as an event; no rule of the shop lives in the browser.
"use strict";
(() => {
  // A scanner types faster than any person: a long code in an even run, a short one only in a burst.
  const PAUSE_MS = 200;
  const LONG = { length: 8, mean: 60 };
  const SHORT = { length: 4, mean: 25 };
  let code = "";
  let began = 0;
  let last = -Infinity;
  let into = null; // where the keys of this run ended up, and how many of them
  let typedInto = 0;

  const isScan = (now) => {
    const rule = code.length >= LONG.length ? LONG : SHORT;
    return code.length >= rule.length && (now - began) / code.length <= rule.mean;
  };

  const typesIn = (element) =>
    element instanceof HTMLTextAreaElement || (element instanceof HTMLInputElement && !["checkbox", "radio", "button"].includes(element.type));

  const takeBack = (element, typed) => {
    if (!typed || !typesIn(element) || !element.value.endsWith(typed)) return;
    const proto = element instanceof HTMLTextAreaElement ? HTMLTextAreaElement.prototype : HTMLInputElement.prototype;
    Object.getOwnPropertyDescriptor(proto, "value").set.call(element, element.value.slice(0, -typed.length));
    element.dispatchEvent(new Event("input", { bubbles: true }));
  };

  const stop = (event) => {
    event.preventDefault();
    event.stopImmediatePropagation();
  };

  addEventListener(
    "keydown",
    (event) => {
      if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || event.repeat) return;
      const now = event.timeStamp;
      if (now - last > PAUSE_MS) code = "";
      last = now;
      if (event.key === "Enter" && isScan(now)) {
        const scanned = code;
        code = "";
        stop(event);
        takeBack(into, scanned.slice(-typedInto));
        setTimeout(() => emitEvent("desk_scan", scanned), 0); // after the field has told that it is empty again
        return;
      }
      if (event.key.length === 1) {
        if (!code) began = now;
        code += event.key;
        typedInto = into === document.activeElement && code.length > 1 ? typedInto + 1 : 1;
        into = document.activeElement;
      } else if (event.key !== "Shift") code = "";
    },
    true,
  );

  // A touch ends a run of keys: what was typed before it is no part of a scan after it.
  addEventListener("pointerdown", () => (code = ""), true);

  // The hub's clock, shown in the shop's zone: `behind` corrects a browser whose own clock is off.
  let ticking = 0;
  const clock = (id, zone, hubMs) => {
    const behind = hubMs - Date.now();
    const time = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: zone });
    const show = () => {
      const face = document.getElementById(id);
      if (face) face.textContent = time.format(Date.now() + behind);
    };
    clearInterval(ticking);
    ticking = setInterval(show, 1000);
    show();
  };

  const path = (to) => history.replaceState(null, "", to);

  const logOut = async () => {
    await fetch("/api/logout", { method: "POST" });
    location.assign("/login?next=" + encodeURIComponent(location.pathname));
  };

  window.desk = { clock, path, logOut };
})();
