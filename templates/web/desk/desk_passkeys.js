/* Passkeys. Every page works without this file, by a code from the authenticator. */
"use strict";
const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
const written = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const named = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));

async function answered(options) {
  options.challenge = bytes(options.challenge);
  if (options.user) {
    options.user.id = bytes(options.user.id);
    options.excludeCredentials = named(options.excludeCredentials);
    return navigator.credentials.create({ publicKey: options });
  }
  options.allowCredentials = named(options.allowCredentials);
  return navigator.credentials.get({ publicKey: options });
}

function told(made) {
  const response = { clientDataJSON: written(made.response.clientDataJSON) };
  for (const part of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (made.response[part]) { response[part] = written(made.response[part]); }
  }
  return JSON.stringify({ id: made.id, rawId: written(made.rawId), type: made.type, response });
}

for (const part of document.querySelectorAll("[data-passkey]")) {
  if (!window.PublicKeyCredential || location.origin !== part.dataset.origin) { continue; }
  const form = part.closest("form"), button = part.querySelector("button"), said = part.querySelector("[role=status]");
  part.hidden = false;
  button.addEventListener("click", async () => {
    said.textContent = document.body.dataset.sayDevice;
    try {
      const body = new FormData();
      body.set("csrf_token", form.elements.csrf_token.value);
      body.set("about", new URL(form.getAttribute("action"), location.href).pathname);
      const asked = await fetch(part.dataset.passkey, { method: "POST", body, redirect: "error", signal: AbortSignal.timeout(8000) });
      if (!asked.ok) { throw new Error("status " + asked.status); }
      form.elements[part.dataset.field].value = told(await answered(await asked.json()));
      form.submit();
    } catch (error) {
      said.textContent = error.name === "InvalidStateError" ? document.body.dataset.sayTwice
        : error.name === "NotAllowedError" ? document.body.dataset.sayNopasskey
        : document.body.dataset.sayNottaken;
    }
  });
}
