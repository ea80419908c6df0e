// The pages that mails lead to. The token comes in the fragment, which no server ever sees, and is sent only when
// somebody presses a button: a mail scanner that opens the link changes nothing. All words stand in the page; what is
// shown is only ever set as text.
"use strict";

const TIMEOUT = 30_000; // ms; the server takes less for everything it does
const TOKEN = /[#&]token=([^&\s]+)/;

const steps = [...document.querySelectorAll("[data-step]")];
const words = new Map([...document.querySelectorAll("template[data-code]")].map((text) => [text.dataset.code, text]));
let isSending = false;

function show(name) {
  for (const step of steps) step.hidden = step.dataset.step !== name;
  const shown = steps.find((step) => !step.hidden);
  document.title = document.title.replace(/^.*(?= · )/, () => shown.querySelector("h1").textContent);
  return shown;
}

function takeToken() {
  const [, token = ""] = TOKEN.exec(location.hash) ?? [];
  history.replaceState(null, "", location.pathname);
  const field = show("start").querySelector("[name=token]");
  field.value = token;
  field.closest(".field").hidden = token !== "";
}

function say(code, answer) {
  const text = words.get(code)?.content.textContent ?? answer?.body.detail ?? say("UNAVAILABLE");
  return text.replace("{seconds}", answer?.retryAfter ?? "a few");
}

function point(input, texts) {
  input.closest(".field").hidden = false;
  input.setAttribute("aria-invalid", "true");
  const lines = texts.map((text) => Object.assign(document.createElement("p"), { textContent: text }));
  document.getElementById(`${input.id}-error`).append(...lines);
}

function clear(form) {
  for (const place of form.querySelectorAll(".error, .failure")) place.replaceChildren();
  for (const input of form.querySelectorAll("[aria-invalid]")) input.removeAttribute("aria-invalid");
}

function read(form, omitted) {
  const isAsked = (input) => input.name === "token" || !input.closest(".field").hidden;
  const inputs = [...form.querySelectorAll("input[name]")].filter((input) => input.name !== omitted && isAsked(input));
  for (const input of inputs) if (!input.value) point(input, [say("missing")]);
  // Who pastes the whole link means the code in it. A password is taken as it is.
  const value = ({ name, value }) => (name === "token" ? (TOKEN.exec(value)?.[1] ?? value.trim()) : value);
  return Object.fromEntries(inputs.map((input) => [input.name, value(input)]));
}

async function post(url, values) {
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(values),
      credentials: "omit",
      cache: "no-store",
      redirect: "error",
      signal: AbortSignal.timeout(TIMEOUT),
    });
    const body = await response.json().catch(() => ({}));
    return { status: response.status, retryAfter: response.headers.get("Retry-After"), body };
  } catch {
    return { status: 0, retryAfter: null, body: { error_code: "UNREACHABLE" } };
  }
}

function refuse(form, answer) {
  const code = answer.status >= 500 ? "UNAVAILABLE" : answer.body.error_code;
  const problems = (answer.body.errors ?? []).filter(({ field }) => form.elements.namedItem(field));
  for (const name of new Set(problems.map(({ field }) => field))) {
    const own = problems.filter(({ field }) => field === name);
    const texts = own.map(({ code, message }) => words.get(code)?.content.textContent ?? message);
    point(form.elements.namedItem(name), texts);
  }
  if (problems.length > 0) return;
  const place = form.elements.namedItem(words.get(code)?.dataset.field ?? "");
  if (place) point(place, [say(code, answer)]);
  else form.querySelector(".failure").textContent = say(code, answer);
}

async function submit(form, omitted) {
  if (isSending) return;
  clear(form);
  const values = read(form, omitted);
  if (!form.querySelector("[aria-invalid]")) {
    isSending = true;
    form.setAttribute("aria-busy", "true");
    const answer = await post(form.action, values);
    form.removeAttribute("aria-busy");
    isSending = false;
    if (answer.status === 200) {
      proceed(form, answer.body.password_reset_token);
      return;
    }
    refuse(form, answer);
  }
  form.querySelector("[aria-invalid]")?.focus();
}

function proceed(form, resetToken) {
  form.remove(); // with the password in it
  const next = show(resetToken ? "choose" : form.dataset.then);
  if (resetToken) next.querySelector("[name=token]").value = resetToken;
  next.querySelector("h1").focus();
}

for (const form of document.forms) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit(form, event.submitter?.dataset.without);
  });
}
for (const box of document.querySelectorAll("[data-shows]")) {
  box.addEventListener("change", () => {
    document.getElementById(box.dataset.shows).type = box.checked ? "text" : "password";
  });
}
// A second link in the same tab loads nothing anew.
window.addEventListener("hashchange", () => TOKEN.test(location.hash) && takeToken());
takeToken();
