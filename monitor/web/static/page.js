// Times in the reader's zone, and word of new changes. Everything reads without it.
"use strict";

(() => {
  const two = (number) => String(number).padStart(2, "0");
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

  // The same width as what the server wrote, so that nothing moves.
  const localTimes = (root) => {
    for (const element of root.querySelectorAll("time[datetime]:not([data-local])")) {
      // A printed report is read elsewhere: it keeps to UTC and says so.
      if (element.closest("[data-utc]")) continue;
      const at = new Date(element.dateTime);
      if (Number.isNaN(at.getTime())) continue;
      const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
      element.textContent = "day" in element.dataset ? day : `${day} ${two(at.getHours())}:${two(at.getMinutes())}`;
      element.dataset.local = "";
    }
  };

  const start = () => {
    localTimes(document);
    const name = document.getElementById("zone");
    if (name && zone && !document.querySelector("[data-utc]")) name.textContent = zone;
    document.body.addEventListener("htmx:afterSettle", () => {
      localTimes(document);
      // The button that was pressed is gone: who reads by keyboard goes on where it was, not at the top of the page.
      if (document.activeElement !== document.body) return;
      const place = document.getElementById("review") ?? document.querySelector("#waiting button") ?? document.getElementById("waiting-title");
      place?.focus({ preventScroll: true });
    });

    const news = document.getElementById("news");
    if (news && document.getElementById("waiting") && "EventSource" in window) {
      const changes = new EventSource("/api/v1/events");
      changes.addEventListener("change", () => { news.hidden = false; });
      window.addEventListener("pagehide", () => changes.close());
    }
  };

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
