// What the pages do better with a script; except for passkeys, all of them work without it. Content is set only as text.
"use strict";

const TOKEN = /[#&]token=([^&\s]+)/;
const COPIED_MS = 2_000;

const each = (selector, act) => document.querySelectorAll(selector).forEach(act);

function offerPasswords() {
  each("[data-reveals]", (button) => {
    const field = document.getElementById(button.dataset.reveals);
    button.hidden = false;
    button.addEventListener("click", () => {
      const isShown = field.type === "password";
      field.type = isShown ? "text" : "password";
      button.setAttribute("aria-pressed", String(isShown));
    });
    // Browsers keep only what was entered into a field of type "password" out of their lists of former entries.
    field.form?.addEventListener("submit", () => (field.type = "password"));
  });
}

function offerCopies() {
  if (!navigator.clipboard) return;
  each("[data-copies]", (button) => {
    const label = button.textContent;
    button.hidden = false;
    button.addEventListener("click", async () => {
      const source = document.getElementById(button.dataset.copies);
      const lines = [...source.querySelectorAll("li")].map((line) => line.textContent.trim());
      try {
        await navigator.clipboard.writeText(lines.join("\n") || source.textContent);
      } catch {
        getSelection().selectAllChildren(source); // not allowed: leave it to the person
        return;
      }
      button.textContent = button.dataset.done;
      setTimeout(() => (button.textContent = label), COPIED_MS);
    });
  });
}

function offerPrints() {
  each("[data-prints]", (button) => {
    button.hidden = false;
    button.addEventListener("click", () => print());
  });
}

function showLocalTimes() {
  const format = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
  each("time[datetime]", (time) => {
    time.title = time.textContent;
    time.textContent = format.format(new Date(time.dateTime));
  });
}

// The token of a mailed link is in the fragment, which browsers do not send. It leaves the address bar and the history.
function takeToken() {
  const [, token] = TOKEN.exec(location.hash) ?? [];
  const field = document.querySelector("form input[name=token]:not([type=hidden])");
  if (!token || !field) return;
  history.replaceState(null, "", location.pathname + location.search);
  field.value = token;
  field.closest(".field").hidden = true;
  if (field.form.dataset.send !== undefined) field.form.requestSubmit(); // changes nothing on the server
}

// The browser may keep a page as it was, also after a log-out.
function reloadKeptPage(event) {
  if (event.persisted) location.reload();
}

offerPasswords();
offerCopies();
offerPrints();
showLocalTimes();
takeToken();
addEventListener("hashchange", takeToken); // a second link opened in the same tab does not load the page again
addEventListener("pageshow", reloadKeptPage);
