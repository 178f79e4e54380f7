"use strict";
// Draws the OpenAPI document, and asks a model about files. Nothing from outside becomes markup:
// all text goes through textContent.
const $ = (id) => document.getElementById(id);

function make(tag, text, name) {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  if (name) element.className = name;
  return element;
}

function say(text, wrong) {
  $("said").textContent = text;
  $("said").className = wrong ? "wrong" : "";
}

function drawOperation(path, verb, operation) {
  const box = make("article", undefined, "operation");
  const head = make("h3");
  head.append(make("span", verb.toUpperCase(), "verb"), make("code", path));
  box.append(head, make("p", operation.summary));
  if (operation.description) box.append(make("p", operation.description, "faint"));
  const free = operation.security && operation.security.length === 0;
  box.append(make("p", free ? "Needs no key." : "Needs a key.", "faint"));
  for (const [kind, body] of Object.entries(operation.requestBody?.content ?? {})) {
    const more = make("details");
    more.append(make("summary", kind), make("pre", JSON.stringify(body.schema, null, 2)));
    box.append(more);
  }
  const answers = make("details");
  const list = make("ul");
  for (const [status, answer] of Object.entries(operation.responses)) {
    list.append(make("li", `${status}: ${answer.description}`));
  }
  answers.append(make("summary", "Answers"), list);
  box.append(answers);
  return box;
}

// Schemas that are named elsewhere, put where they are used, so that each is read in one place.
function resolved(value, schemas) {
  if (Array.isArray(value)) return value.map((each) => resolved(each, schemas));
  if (value === null || typeof value !== "object") return value;
  if (value.$ref) return resolved(schemas[value.$ref.split("/").pop()], schemas);
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, resolved(each, schemas)]));
}

async function draw() {
  const spec = await (await fetch("openapi.json")).json();
  $("about").textContent = spec.info.description;
  const base = spec.servers[0].url;
  const paths = resolved(spec.paths, spec.components.schemas);
  for (const [path, verbs] of Object.entries(paths)) {
    for (const [verb, operation] of Object.entries(verbs)) {
      $("operations").append(drawOperation(base + path, verb, operation));
    }
  }
  for (const problem of spec["x-problems"]) {
    const row = make("tr");
    row.id = problem.kind;
    row.append(make("td", problem.kind), make("td", problem.status), make("td", problem.title),
      make("td", problem.remedy));
    $("problems").append(row);
  }
  if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
}

// The answer of the server as a value; an Error with its sentence if it is a problem.
async function ask(path, options) {
  const answer = await fetch(path, options);
  const value = await answer.json();
  if (!answer.ok) {
    const parts = (value.errors ?? []).map((each) => `${each.pointer}: ${each.detail}`);
    const one = parts.length === 1 && parts[0].endsWith(value.detail);
    throw new Error([`${value.title}. ${value.detail}`, ...(one ? [] : parts)].join(" "));
  }
  return value;
}

function withKey() {
  return { Authorization: `Bearer ${$("key").value.trim()}` };
}

async function loadModels() {
  const select = $("model");
  const before = select.value || new URLSearchParams(location.search).get("model");
  select.disabled = $("send").disabled = true;
  try {
    const { models } = await ask("models", { headers: withKey() });
    select.replaceChildren(...models.map((model) => {
      const option = make("option", model.name);
      option.value = model.id;
      return option;
    }));
    if (models.some((model) => model.id === before)) select.value = before;
    select.disabled = $("send").disabled = models.length === 0;
    say(models.length ? "" : "There is no finished model yet. Train one first.", !models.length);
  } catch (error) {
    select.replaceChildren(make("option", "Enter a valid key first"));
    say(error.message, true);
  }
}

function card(answer, file) {
  const box = make("article", undefined, "card");
  const picture = make("img");
  picture.alt = "";
  picture.src = URL.createObjectURL(file);
  picture.onload = picture.onerror = () => URL.revokeObjectURL(picture.src);
  box.append(picture, make("p", answer.name, "faint"));
  if (answer.error) {
    box.append(make("p", answer.error));
    return box;
  }
  box.append(make("p", answer.label, "label"));
  if (answer.unsure) box.append(make("p", "Not sure", "faint"));
  for (const { label, probability } of answer.top) {
    const bar = make("div", undefined, "bar");
    const length = make("progress");
    length.value = probability;
    length.setAttribute("aria-label", label);
    bar.append(make("span", label), make("span", `${(probability * 100).toFixed(1)} %`), length);
    box.append(bar);
  }
  return box;
}

async function predict(event) {
  event.preventDefault();
  const files = [...$("files").files];
  const form = new FormData();
  for (const file of files) form.append("images", file);
  if ($("top_k").value) form.append("top_k", $("top_k").value);
  if ($("threshold").value) form.append("threshold", $("threshold").value);
  $("send").disabled = true;
  $("answers").replaceChildren();
  $("raw").hidden = true;
  say("Asking …");
  try {
    const answer = await ask(`models/${encodeURIComponent($("model").value)}/predict`,
      { method: "POST", headers: withKey(), body: form });
    $("answers").replaceChildren(...answer.predictions.map((each, n) => card(each, files[n])));
    $("json").textContent = JSON.stringify(answer, null, 2);
    $("raw").hidden = false;
    say(`Answered in ${answer.milliseconds.toFixed(1)} ms on the server. `
      + `Below ${(answer.threshold * 100).toFixed(1)} % it is not sure.`);
  } catch (error) {
    say(error.message, true);
  } finally {
    $("send").disabled = false;
  }
}

$("key").addEventListener("change", loadModels);
$("try").addEventListener("submit", predict);
draw();
