// The pages of the links in mails. The token is in the fragment, which browsers do not send, and is sent only when a
// button is pressed: a mail scanner that opens the link changes nothing. All texts are in the page, and content is only
// set as text.
"use strict";

const TIMEOUT_MS = 30_000; // longer than the server's own time limit
const TOKEN = /[#&]token=([^&\s]+)/;

const steps = [...document.querySelectorAll("[data-step]")];
const messages = new Map([...document.querySelectorAll("template[data-code]")].map((text) => [text.dataset.code, text]));
let isSending = false;

function showStep(name) {
  for (const step of steps) step.hidden = step.dataset.step !== name;
  const shown = steps.find((step) => !step.hidden);
  document.title = document.title.replace(/^.*(?= · )/, () => shown.querySelector("h1").textContent);
  return shown;
}

function takeToken() {
  const [, token = ""] = TOKEN.exec(location.hash) ?? [];
  history.replaceState(null, "", location.pathname);
  const field = showStep("start").querySelector("[name=token]");
  field.value = token;
  field.closest(".field").hidden = token !== "";
}

function messageFor(code, response) {
  const text = messages.get(code)?.content.textContent ?? response?.body.detail ?? messageFor("UNAVAILABLE");
  return text.replace("{seconds}", response?.retryAfter ?? "a few");
}

function showFieldErrors(input, texts) {
  input.closest(".field").hidden = false;
  input.setAttribute("aria-invalid", "true");
  const lines = texts.map((text) => Object.assign(document.createElement("p"), { textContent: text }));
  document.getElementById(`${input.id}-error`).append(...lines);
}

function clearErrors(form) {
  for (const container of form.querySelectorAll(".error, .failure")) container.replaceChildren();
  for (const input of form.querySelectorAll("[aria-invalid]")) input.removeAttribute("aria-invalid");
}

// A new link may be opened in this tab: the forms stay, without what was entered.
function clearForms(step) {
  for (const form of step.querySelectorAll("form")) {
    form.reset();
    clearErrors(form);
    form.hidden = form.dataset.offer !== undefined;
  }
}

function readValues(form, omitted) {
  const isShown = (input) => input.name === "token" || !input.closest(".field").hidden;
  const inputs = [...form.querySelectorAll("input[name]")].filter((input) => input.name !== omitted && isShown(input));
  for (const input of inputs) if (!input.value) showFieldErrors(input, [messageFor("missing")]);
  // A pasted link stands for the code in it. A password is not changed.
  const value = ({ name, value }) => (name === "token" ? (TOKEN.exec(value)?.[1] ?? value.trim()) : value);
  return Object.fromEntries(inputs.map((input) => [input.name, value(input)]));
}

async function post(url, values) {
  try {
    const reply = await fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(values),
      credentials: "omit",
      cache: "no-store",
      redirect: "error",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const body = await reply.json().catch(() => ({}));
    return { isDone: reply.ok, status: reply.status, retryAfter: reply.headers.get("Retry-After"), body };
  } catch {
    return { status: 0, retryAfter: null, body: { error_code: "UNREACHABLE" } };
  }
}

function showError(form, response) {
  const code = response.status >= 500 ? "UNAVAILABLE" : response.body.error_code;
  const problems = (response.body.errors ?? []).filter(({ field }) => form.elements.namedItem(field));
  for (const name of new Set(problems.map(({ field }) => field))) {
    const own = problems.filter(({ field }) => field === name);
    const texts = own.map(({ code, message }) => messages.get(code)?.content.textContent ?? message);
    showFieldErrors(form.elements.namedItem(name), texts);
  }
  for (const offer of form.parentElement.querySelectorAll("[data-offer]")) {
    if (offer.dataset.offer === code) offer.hidden = false;
  }
  if (problems.length > 0) return;
  const input = form.elements.namedItem(messages.get(code)?.dataset.field ?? "");
  if (input) showFieldErrors(input, [messageFor(code, response)]);
  else form.querySelector(".failure").textContent = messageFor(code, response);
}

async function submit(form, omitted) {
  if (isSending) return;
  clearErrors(form);
  const values = readValues(form, omitted);
  if (!form.querySelector("[aria-invalid]")) {
    isSending = true;
    form.setAttribute("aria-busy", "true");
    const response = await post(form.action, values);
    form.removeAttribute("aria-busy");
    isSending = false;
    if (response.isDone) {
      proceed(form, response.body.password_reset_token);
      return;
    }
    showError(form, response);
  }
  form.querySelector("[aria-invalid]")?.focus();
}

function proceed(form, resetToken) {
  if (form.dataset.offer) clearForms(form.parentElement);
  else for (const used of form.parentElement.querySelectorAll("form")) used.remove(); // they contain the password
  const next = showStep(resetToken ? "choose" : form.dataset.then);
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
// A second link opened in the same tab does not reload the page.
window.addEventListener("hashchange", () => TOKEN.test(location.hash) && takeToken());
takeToken();
