// Sends files to the server in bundles; what follows it in the module uses it.
//
// The browser allows only so many requests at a time, so many small files travel in one; a large
// archive travels in parts. What is sent is on the server's disk at once, and only sums come back.

const LITTER = /^(\.|__MACOSX$|Thumbs\.db$|desktop\.ini$)/i;
const BUNDLE_FILES = 64;
const BUNDLE_BYTES = 8 * 1024 * 1024;
const PART_BYTES = 8 * 1024 * 1024;
const AT_ONCE = 3;
const TRIES = 4;

const suffixOf = (path) => /[^/](\.[^./]*)$/.exec(path)?.[1].toLowerCase() ?? "";

// Why a file isn't sent, as the server says it of one that it finds itself.
const whyNot = (path, data) =>
  data.reasons[suffixOf(path)] ?? `It is not an image (${suffixOf(path) || "no file type"}).`;

// One of the files that aren't sent, with what to do about it; "" where there is nothing to do.
function forExample(files, data) {
  const known = files.find(({ path }) => data.reasons[suffixOf(path)]);
  return known ? ` For example ${known.path}: ${whyNot(known.path, data)}` : "";
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
    progress(done, result.bytes, bundle);
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
