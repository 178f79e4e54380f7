// Takes files or a folder from the person and sends them to the server in bundles.
//
// The browser allows only so many requests at a time, so many small files travel in one; a large
// archive travels in parts. What is sent is on the server's disk at once, and only sums come back
// to the page: { token, taken, refused: [[path, why]], failed: [[path, why]], folder, file, bytes }.

const LITTER = /^(\.|__MACOSX$|Thumbs\.db$|desktop\.ini$)/i;
const BUNDLE_FILES = 64;
const BUNDLE_BYTES = 8 * 1024 * 1024;
const PART_BYTES = 8 * 1024 * 1024;
const AT_ONCE = 3;
const TRIES = 4;
const LISTED = 500;

const uploads = new WeakMap();

export default function (component) {
  const { data, parentElement, setStateValue } = component;
  const state = uploads.get(parentElement) ?? { cancel: null };
  uploads.set(parentElement, state);
  const find = (selector) => parentElement.querySelector(selector);
  const zone = find(".zone");
  const input = find("input");

  find(".choose").textContent = data.button;
  find(".hint").textContent = data.hint;
  input.multiple = data.mode !== "archive";
  input.webkitdirectory = data.mode === "folder";
  input.accept = data.mode === "folder" ? "" : data.suffixes.join(",");
  input.setAttribute("aria-label", data.label);

  const show = (name) => {
    for (const part of ["ask", "busy"]) find("." + part).hidden = part !== name;
  };
  const say = (text, isProblem = false) => {
    find(".said").textContent = text;
    find(".said").classList.toggle("problem", isProblem);
  };

  const start = async (files, folder) => {
    if (state.cancel) return;
    say("");
    const wanted = (path) => data.suffixes.some((suffix) => path.toLowerCase().endsWith(suffix));
    const visible = files.filter(({ path }) => !path.split("/").some((part) => LITTER.test(part)));
    const images = visible.filter(({ path }) => wanted(path));
    const others = visible.filter(({ path }) => !wanted(path)).map(({ path }) => [path, data.refusal]);
    if (!images.length) {
      say(visible.length ? `${data.none} (${count(visible.length)} found.)` : data.empty, true);
      return;
    }
    const controller = new AbortController();
    state.cancel = () => controller.abort();
    show("busy");
    if (state.sent === data.token) {
      // Choosing again replaces what came before.
      setStateValue("result", null);
      await fetch(data.url, { method: "DELETE" }).catch(() => {});
    }
    state.sent = data.token;
    const total = images.reduce((sum, { file }) => sum + file.size, 0);
    const began = performance.now();
    const progress = (done, bytes) => {
      const share = total ? bytes / total : done / images.length;
      find("progress").value = share;
      const seconds = (performance.now() - began) / 1000;
      const left = share > 0.02 && seconds > 1 ? `, ${duration((seconds * (1 - share)) / share)} left` : "";
      find(".progress").textContent =
        (data.mode === "archive"
          ? `Uploading ${size(bytes)} of ${size(total)}`
          : `Uploading ${count(done)} of ${count(images.length)} images (${size(total)})`) + left;
    };
    progress(0, 0);
    try {
      const send = data.mode === "archive" ? sendArchive : sendFiles;
      const result = await send(data, images, controller.signal, progress);
      setStateValue("result", {
        token: data.token,
        folder,
        ...result,
        refused: [...result.refused, ...others].slice(0, LISTED),
      });
      if (!result.taken) say("Nothing could be uploaded. " + (result.failed[0]?.[1] ?? ""), true);
    } catch (problem) {
      const stopped = controller.signal.aborted;
      say(stopped ? "Stopped. Nothing was added." : problem.message, !stopped);
      if (stopped) await fetch(data.url, { method: "DELETE" }).catch(() => {});
    } finally {
      state.cancel = null;
      input.value = "";
      show("ask");
    }
  };

  find(".choose").onclick = () => input.click();
  find(".cancel").onclick = () => state.cancel?.();
  input.onchange = () => {
    const files = [...input.files].map((file) => ({ file, path: file.webkitRelativePath || file.name }));
    if (files.length) start(files, files[0].path.includes("/") ? files[0].path.split("/")[0] : "");
  };
  zone.ondragover = (event) => {
    event.preventDefault();
    zone.classList.add("over");
  };
  zone.ondragleave = () => zone.classList.remove("over");
  zone.ondrop = async (event) => {
    event.preventDefault();
    zone.classList.remove("over");
    const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry()).filter(Boolean);
    say("Looking into the folder …");
    const files = (await Promise.all(entries.map((entry) => walk(entry)))).flat();
    const folders = entries.filter((entry) => entry.isDirectory);
    await start(files, folders.length === 1 ? folders[0].name : "");
  };
  show(state.cancel ? "busy" : "ask");
  return () => state.cancel?.();
}

async function sendFiles(data, images, signal, progress) {
  const result = { taken: 0, refused: [], failed: [], bytes: 0 };
  const bundles = bundled(images);
  let done = 0;
  const record = (answer, bundle) => {
    result.taken += answer.taken;
    result.refused.push(...answer.refused);
    done += bundle.length;
    result.bytes += bundle.reduce((sum, { file }) => sum + file.size, 0);
    progress(done, result.bytes);
  };
  const one = async (bundle) => {
    try {
      record(await post(data, bundle, signal), bundle);
    } catch (problem) {
      if (signal.aborted || problem.final) throw problem;
      if (bundle.length > 1) {
        // One file that has gone or can't be read must not take its neighbours with it.
        for (const image of bundle) await one([image]);
      } else {
        result.failed.push([bundle[0].path, problem.message]);
        done += 1;
      }
    }
  };
  const worker = async () => {
    while (bundles.length) await one(bundles.shift());
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return result;
}

async function post(data, bundle, signal) {
  return attempt(() => {
    const form = new FormData();
    form.append("paths", JSON.stringify(bundle.map(({ path }) => path)));
    bundle.forEach(({ file }, number) => form.append("files", file, String(number)));
    return fetch(`${data.url}/files`, { method: "POST", body: form, signal });
  }, signal);
}

async function sendArchive(data, [{ file, path }], signal, progress) {
  for (let offset = 0; offset < Math.max(1, file.size); offset += PART_BYTES) {
    const part = file.slice(offset, offset + PART_BYTES);
    await attempt(
      () => fetch(`${data.url}/archive?offset=${offset}`, { method: "PUT", body: part, signal }),
      signal,
    );
    progress(1, Math.min(file.size, offset + PART_BYTES));
  }
  return { taken: 1, refused: [], failed: [], bytes: file.size, file: path };
}

// A connection that breaks for a moment is tried again; what the server refuses is final.
async function attempt(request, signal) {
  let problem;
  for (let number = 0; number < TRIES; number += 1) {
    if (number) await new Promise((resume) => setTimeout(resume, 400 * 2 ** number));
    if (signal.aborted) throw new Error("Stopped.");
    try {
      const answer = await request();
      if (answer.ok) return await answer.json();
      const said = await answer.json().catch(() => ({}));
      problem = new Error(said.detail ?? `The server answered ${answer.status}.`);
      problem.final = answer.status < 500 || answer.status === 507;
      if (problem.final) throw problem;
    } catch (error) {
      if (error.final || signal.aborted) throw error;
      const unreadable = error.name === "NotReadableError" || error.name === "NotFoundError";
      problem = new Error(
        unreadable ? "It could not be read: was it moved or changed?" : "The connection to the server broke.",
      );
      if (unreadable) throw problem;
    }
  }
  throw problem;
}

function bundled(images) {
  const bundles = [];
  let bundle = [];
  let bytes = 0;
  for (const image of images) {
    if (bundle.length && (bundle.length >= BUNDLE_FILES || bytes + image.file.size > BUNDLE_BYTES)) {
      bundles.push(bundle);
      bundle = [];
      bytes = 0;
    }
    bundle.push(image);
    bytes += image.file.size;
  }
  if (bundle.length) bundles.push(bundle);
  return bundles;
}

async function walk(entry, path = "") {
  const here = path + entry.name;
  if (entry.isFile) {
    const file = await new Promise((resolve) => entry.file(resolve, () => resolve(null)));
    return file ? [{ file, path: here }] : [];
  }
  const reader = entry.createReader();
  const files = [];
  for (;;) {
    // A folder is handed out a hundred entries at a time, until none come.
    const some = await new Promise((resolve) => reader.readEntries(resolve, () => resolve([])));
    if (!some.length) return files;
    for (const inside of some) files.push(...(await walk(inside, here + "/")));
  }
}

const count = (number) => number.toLocaleString("en");
const size = (bytes) =>
  bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} kB` : bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
const duration = (seconds) => (seconds < 90 ? `${Math.ceil(seconds)} s` : `${Math.round(seconds / 60)} min`);
