// What the pages do better with a script; except for passkeys, all of them work without it. Content is set only as text.
"use strict";

const TOKEN = /[#&]token=([^&\s]+)/;
const COPIED_MS = 2_000;
const DOUBLE_CLICK_MS = 3_000;
const UNSEEN_MS = 500;

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
  if (!token) return;
  each("[hreflang]", (link) => (link.hash = `token=${token}`));
  const field = document.querySelector("form input[name=token]:not([type=hidden])");
  if (!field) {
    each("form", (form) => (form.action += location.hash)); // a login on the way leads back with it
    return;
  }
  history.replaceState(null, "", location.pathname + location.search);
  field.value = token;
  field.closest(".field").hidden = true;
  if (field.form.dataset.send !== undefined) field.form.requestSubmit(); // changes nothing on the server
  else field.form.querySelector("input:not([type=hidden]):not([name=token])")?.focus();
}

// The code in the address is for an application, and this is none.
function forgetCode() {
  each("[data-forgets]", () => history.replaceState(null, "", location.pathname + location.search));
}

// A second link opened in the same tab changes only the fragment. It begins anew, also on the page that a form leads to.
function openLink() {
  if (TOKEN.test(location.hash)) location.replace(`?${location.hash}`);
}

// Passkeys. The form `data-passkey` (get or create) sends what the browser returns in its field `credential`. Its options
// are in the page, or the API returns them; the server accepts them for 5 minutes.
const OPTIONS_MS = 240_000;
const USED_PASSKEY = "passkey";
const opened = Date.now();
let autofill = new AbortController();
let renewal = 0;

async function fetchOptions(form) {
  const headers = { "Content-Type": "application/json" };
  const reply = await fetch(form.dataset.options, { method: "POST", headers, body: "{}", credentials: "omit" });
  return (await reply.json()).public_key;
}

async function sendPasskey(form, options, request) {
  const isNew = form.dataset.passkey === "create";
  const parse = isNew ? "parseCreationOptionsFromJSON" : "parseRequestOptionsFromJSON";
  const publicKey = PublicKeyCredential[parse](options);
  const credential = await navigator.credentials[isNew ? "create" : "get"]({ ...request, publicKey });
  sessionStorage.setItem(USED_PASSKEY, JSON.stringify({ rpId: options.rpId, credentialId: credential.id }));
  const { keep } = form.elements;
  const box = document.querySelector("input[type=checkbox][name=keep]");
  if (keep && box) keep.value = box.checked ? "on" : "";
  form.elements.credential.value = JSON.stringify(credential);
  form.submit();
}

async function onPasskeyButton(event) {
  event.preventDefault();
  const form = event.target;
  const button = form.querySelector("button");
  const outcome = form.querySelector("[role=status]");
  const { options, publicKey, known, cancelled } = form.dataset;
  if (publicKey && Date.now() - opened > OPTIONS_MS) {
    form.elements.credential.value = "";
    form.submit(); // asks for new options
    return;
  }
  stopAutofill();
  outcome.textContent = "";
  button.disabled = true;
  try {
    await sendPasskey(form, options ? await fetchOptions(form) : JSON.parse(publicKey), {});
  } catch (error) {
    outcome.textContent = (error.name === "InvalidStateError" && known) || cancelled;
    button.disabled = false;
    button.focus();
    offerAutofill(form);
  }
}

function stopAutofill() {
  clearTimeout(renewal);
  autofill.abort();
}

// The browser offers passkeys in the field of the username. It asks for nothing until the person chooses one.
async function offerAutofill(form) {
  if (!form.dataset.options || !(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
  stopAutofill();
  const { signal } = (autofill = new AbortController());
  renewal = setTimeout(offerAutofill, OPTIONS_MS, form);
  try {
    await sendPasskey(form, await fetchOptions(form), { mediation: "conditional", signal });
  } catch {} // stopped, or not available; the button is still there
}

function offerPasskeys() {
  if (!window.PublicKeyCredential?.parseRequestOptionsFromJSON) return;
  each("[data-without-passkeys]", (text) => (text.hidden = true));
  each("[data-passkeys]", (part) => (part.hidden = false));
  each("form[data-passkey]", (form) => {
    form.addEventListener("submit", onPasskeyButton);
    offerAutofill(form);
  });
}

// The server has no passkey that the browser has used: the browser may stop offering it.
function reportUnknownPasskey() {
  const used = sessionStorage.getItem(USED_PASSKEY);
  sessionStorage.removeItem(USED_PASSKEY);
  if (used && document.querySelector("main[data-error=PASSKEY_UNKNOWN]")) {
    PublicKeyCredential.signalUnknownCredential?.(JSON.parse(used)).catch(() => {});
  }
}

// A double click sends a form only once. Later the person may send it again: the first response may have been lost.
function sendOnce() {
  let sent = 0;
  addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    if (Date.now() - sent < DOUBLE_CLICK_MS) event.preventDefault();
    else sent = Date.now();
  });
}

// A click that was meant for what covered the page decides nothing: the buttons wait until it has been visible a while.
function armDecisions() {
  let timer;
  const enable = (isEnabled) => each("form.decision button", (button) => (button.disabled = !isEnabled));
  const wait = () => {
    clearTimeout(timer);
    enable(false);
    if (!document.hidden) timer = setTimeout(enable, UNSEEN_MS, true);
  };
  document.addEventListener("visibilitychange", wait);
  wait();
}

// The browser may keep a page as it was, also after a log-out.
function reloadKeptPage(event) {
  if (event.persisted) location.reload();
}

offerPasswords();
offerCopies();
offerPrints();
showLocalTimes();
sendOnce();
armDecisions();
takeToken();
forgetCode();
offerPasskeys();
addEventListener("hashchange", openLink);
addEventListener("pageshow", reloadKeptPage);
reportUnknownPasskey(); // the last one: it fails where the browser stores nothing for this site
