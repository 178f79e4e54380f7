// Takes files or a folder from the person and sends them to the server in bundles.
//
// What comes back to the page:
// { token, taken, refused: [[path, why]], failed: [[path, why]], folder, file, bytes }.

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
    const others = visible.filter(({ path }) => !wanted(path)).map(({ path }) => [path, whyNot(path, data)]);
    if (!images.length) {
      const found = `${data.none} (${count(visible.length)} found.)${forExample(visible, data)}`;
      say(visible.length ? found : data.empty, true);
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
