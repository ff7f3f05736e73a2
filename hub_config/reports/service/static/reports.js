"use strict";
// Live state, the reader's own clock beside each time, and one question before cancelling. Every page works without this file, by reloading itself.
(() => {
  const EVERY = 1000; // ms
  const SLOW = 10000; // ms, while the service does not answer

  function localTimes(root) {
    for (const time of root.querySelectorAll("time[datetime]")) {
      const moment = new Date(time.dateTime);
      if (Number.isNaN(moment.getTime())) continue;
      time.title = moment.toLocaleString(document.documentElement.lang === "en" ? undefined : document.documentElement.lang,
        { year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", timeZoneName: "short" });
    }
  }

  function xsrf() {
    const field = document.querySelector("[data-token]");
    return field ? field.dataset.token : "";
  }

  async function ask(address) {
    const answer = await fetch(address, { headers: { "X-XSRFToken": xsrf() }, credentials: "same-origin", cache: "no-store" });
    if (answer.status === 403 || answer.status === 404 || answer.redirected) {
      location.reload(); // signed out, or gone: the page itself says so
      return null;
    }
    if (!answer.ok) throw new Error(String(answer.status));
    return answer;
  }

  function poll(step) {
    let wait = EVERY;
    const again = async () => {
      let goOn = true;
      if (!document.hidden) {
        try {
          goOn = await step();
          wait = EVERY;
        } catch {
          wait = Math.min(wait * 2, SLOW);
        }
      }
      if (goOn) setTimeout(again, wait);
    };
    setTimeout(again, EVERY);
  }

  function say(element, words) {
    // Written only when it changes, so that a screen reader is not told the same thing every second.
    if (element.textContent !== words) element.textContent = words;
  }

  function showNow(now) {
    const bar = document.getElementById("live-bar");
    const state = document.getElementById("state");
    say(document.getElementById("live-text"), now.text);
    say(document.getElementById("live-took"), now.took);
    say(state, now.label);
    state.className = "state " + now.state;
    if (now.cells) {
      bar.max = now.cells;
      bar.value = Math.max(now.cell - 1, 0);
    }
  }

  function addLine(line) {
    const list = document.getElementById("live-lines");
    const item = document.createElement("li");
    const time = document.createElement("time");
    time.dateTime = line.at;
    time.textContent = line.shown;
    item.append(time, " " + line.text);
    list.append(item);
    localTimes(item);
    while (list.children.length > 200) list.firstElementChild.remove();
  }

  // Server-sent events, read by fetch: the hub wants a header with its token, which EventSource cannot send.
  async function* events(address, after) {
    const headers = { "X-XSRFToken": xsrf(), "Last-Event-ID": after, Accept: "text/event-stream" };
    const answer = await fetch(address, { headers, credentials: "same-origin", cache: "no-store" });
    if (!answer.ok || !answer.body) throw new Error(String(answer.status));
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      text += value;
      const parts = text.split("\n\n");
      text = parts.pop();
      for (const part of parts) {
        const event = {};
        for (const line of part.split("\n")) {
          const at = line.indexOf(": ");
          if (at > 0) event[line.slice(0, at)] = line.slice(at + 2);
        }
        if (event.data) yield event;
      }
    }
  }

  async function watchRun(live) {
    let after = live.dataset.after;
    let wait = EVERY;
    for (;;) {
      try {
        for await (const event of events(live.dataset.events, after)) {
          after = event.id ?? after;
          wait = EVERY;
          const now = JSON.parse(event.data);
          if (now.line) addLine(now.line);
          if (!now.active) {
            location.reload();
            return;
          }
          showNow(now);
        }
      } catch {
        wait = Math.min(wait * 2, SLOW);
      }
      // The stream ended, or the service was away: the state itself says whether the run goes on.
      await new Promise((again) => setTimeout(again, wait));
      try {
        const answer = await ask(live.dataset.state);
        if (!answer) return;
        const now = await answer.json();
        if (!now.active) {
          location.reload();
          return;
        }
        showNow(now);
      } catch {
        wait = Math.min(wait * 2, SLOW);
      }
    }
  }

  function watchList(runs) {
    poll(async () => {
      const answer = await ask(runs.dataset.part);
      if (!answer) return false;
      const html = await answer.text();
      if (html !== runs.dataset.last) {
        const focused = runs.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
        runs.dataset.last = html;
        runs.innerHTML = html; // our own template's output, escaped there
        localTimes(runs);
        if (focused) runs.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus();
      }
      return runs.querySelector("[data-any-active=yes]") !== null;
    });
  }

  localTimes(document);
  document.getElementById("form-error")?.focus();
  const live = document.getElementById("live");
  if (live) watchRun(live);
  const runs = document.getElementById("runs");
  if (runs && runs.dataset.active === "yes") watchList(runs);
  for (const form of document.querySelectorAll("form")) {
    form.addEventListener("submit", (event) => {
      if (form.dataset.sure && !window.confirm(form.dataset.sure)) {
        event.preventDefault();
        return;
      }
      // A second click would ask for a second run.
      for (const button of form.querySelectorAll("button")) setTimeout(() => { button.disabled = true; }, 0);
    });
  }
  window.addEventListener("pageshow", (event) => {
    // Back from the run's page: the buttons must work again.
    if (event.persisted) for (const button of document.querySelectorAll("button")) button.disabled = false;
  });
})();
