// A card for each class. Shows what the page says, and tells it what the person did, as a list of
// events with a growing `at`: { at, do: "rename" | "add" | "remove" | "see" | "photos", … }.
//
// Photos and frames are shown from the browser's own memory as soon as they are there, and go to
// the server meanwhile; once the page says that it has taken the event (data.taken), its own
// pictures are shown instead.

const studios = new WeakMap();
const PICTURES = 6;
const MOST_PENDING = 24;
const EVERY_MS = 100;
const FRAMES_A_BUNDLE = 10;
const FRAME_SIDE = 360;
const COUNTDOWN_S = 3;
const HANDS_FREE_MS = 4000;
const MOST_FRAMES = 600;
const RELEASES = ["pointerup", "pointercancel", "keyup", "blur"];
const DENIED =
  "The browser does not let this page use the camera. Allow it beside the address, then try again.";

export default function (component) {
  const { parentElement } = component;
  const studio = studios.get(parentElement) ?? makeStudio(parentElement);
  studios.set(parentElement, studio);
  studio.update(component);
  return () => studio.leave();
}

function makeStudio(root) {
  const find = (selector) => root.querySelector(selector);
  const cards = new Map();
  let data = { classes: [], taken: 0, busy: null };
  let send = () => {};
  let events = [];
  let uploading = null;
  // What is said belongs to the classes that were there then: elsewhere it would mislead.
  let saidOf = null;
  const used = new Set();
  let opened = null;
  // Photos on their way: by class, until the page has taken the event of that number.
  let pending = [];

  const tell = (what) => {
    const at = Math.max(Date.now(), (events.at(-1)?.at ?? 0) + 1);
    events = [...events.slice(-40), { at, ...what }];
    send("events", events);
    return at;
  };
  const say = (text) => {
    find(".said").textContent = text;
    saidOf = text ? labels() : null;
  };
  const labels = () => data.classes.map(({ label }) => label).join("\n");
  const upload = () => {
    const token = data.tokens.find((each) => !used.has(each));
    if (!token) say("Too much at once: wait a moment, then go on.");
    used.add(token);
    return { token, url: `${data.url}/${token}` };
  };
  const countOf = (label) => data.classes.find((each) => each.label === label)?.count ?? 0;
  // Upper and lower case of a suffix are one.
  const ends = (path, suffixes) => suffixes.some((suffix) => path.toLowerCase().endsWith(suffix));

  // ---- files ----

  const start = async (files, into, folder) => {
    if (uploading || !files.length || !data.changes) return;
    say("");
    const visible = files.filter(({ path }) => !path.split("/").some((part) => LITTER.test(part)));
    const images = visible.filter(({ path }) => ends(path, data.suffixes));
    const archives = visible.filter(({ path }) => ends(path, data.archives));
    const packed = !images.length && archives.length === 1 && into === null;
    const chosen = packed ? archives : images;
    if (!chosen.length) {
      const what = folder ? `“${folder}”` : "What you chose";
      say(files.length ? `${what} holds no photos.${forExample(visible, data)}` : `${what} is empty.`);
      return;
    }
    const others = visible.filter((each) => !chosen.includes(each)).map(({ path }) => [path, whyNot(path, data)]);
    const { token, url } = upload();
    const controller = new AbortController();
    uploading = controller;
    const mine = packed ? [] : preview(chosen, into);
    const total = chosen.reduce((sum, { file }) => sum + file.size, 0);
    const began = performance.now();
    const progress = (done, bytes, bundle = []) => {
      const share = total ? bytes / total : 1;
      const seconds = (performance.now() - began) / 1000;
      const left = share > 0.02 && seconds > 1 ? ` · ${duration((seconds * (1 - share)) / share)} left` : "";
      const what = packed ? `${size(bytes)} of ${size(total)}` : `${count(done)} of ${count(chosen.length)} photos`;
      busy({ text: `Taking ${what}${left}`, share });
      for (const { path } of bundle) {
        const card = mine.find((each) => each.label === labelOf(path, into));
        if (card) card.arrived += 1;
      }
      draw();
    };
    progress(0, 0);
    try {
      const result = await (packed ? sendArchive : sendFiles)({ url }, chosen, controller.signal, progress);
      if (!result.taken) throw new Error("Nothing could be taken. " + (result.failed[0]?.[1] ?? ""));
      const at = tell({
        do: "photos", token, into, folder, ...result,
        refused: [...result.refused, ...others].slice(0, 200),
      });
      mine.forEach((each) => { each.at = at; });
    } catch (problem) {
      forget(mine);
      say(controller.signal.aborted ? "Stopped. Nothing was added." : problem.message);
      await fetch(url, { method: "DELETE" }).catch(() => {});
    } finally {
      uploading = null;
      busy(data.busy);
      draw();
    }
  };

  const labelOf = (path, into) => into ?? path.split("/").at(-2) ?? "";
  const preview = (files, into) => {
    const groups = new Map();
    for (const each of files) {
      const label = labelOf(each.path, into);
      if (!groups.has(label)) groups.set(label, []);
      groups.get(label).push(each.file);
    }
    const made = [...groups].slice(0, MOST_PENDING).map(([label, inside]) => ({
      label, at: Infinity, arrived: 0, of: inside.length, before: countOf(label),
      urls: spread(inside, PICTURES).map((file) => URL.createObjectURL(file)),
    }));
    pending.push(...made);
    draw();
    return made;
  };
  const spread = (items, most) =>
    items.length <= most ? items : Array.from({ length: most }, (_, n) => items[Math.floor((n * items.length) / most)]);
  const forget = (gone) => {
    gone.forEach(({ urls }) => urls.forEach((url) => URL.revokeObjectURL(url)));
    pending = pending.filter((each) => !gone.includes(each));
  };

  const busy = (what) => {
    find(".busy").hidden = !what;
    if (!what) return;
    find(".doing").textContent = what.text;
    const bar = find(".busy progress");
    if (what.share === null || what.share === undefined) bar.removeAttribute("value");
    else bar.value = what.share;
    find(".cancel").hidden = !uploading && !what.job;
  };

  // ---- cards ----

  const draw = () => {
    const given = new Map(data.classes.map((each) => [each.label, each]));
    const labels = [...given.keys()];
    for (const { label } of pending) if (label && !labels.includes(label)) labels.push(label);
    for (const [label, card] of cards) if (!labels.includes(label)) { card.leave(); cards.delete(label); }
    const list = find(".cards");
    labels.forEach((label, n) => {
      if (!cards.has(label)) cards.set(label, makeCard(label));
      const { element } = cards.get(label);
      if (list.children[n] !== element) list.insertBefore(element, list.children[n] ?? null);
      cards.get(label).show(given.get(label), pending.filter((each) => each.label === label));
    });
  };

  const makeCard = (label) => {
    const element = find("template").content.firstElementChild.cloneNode(true);
    const part = (selector) => element.querySelector(selector);
    const name = part(".name");
    const camera = makeCamera(part(".camera"), () => label, {
      shoot: upload,
      began: (mine) => { mine.before = countOf(label); pending.push(mine); },
      drawn: draw,
      done: (mine, result) => {
        if (result.taken) mine.at = tell({ do: "photos", into: label, folder: "", ...result });
        else forget([mine]);
        draw();
      },
      closed: () => {
        if (opened === camera) opened = null;
        element.classList.remove("live");
        part(".ways").hidden = !data.changes;
      },
    });
    name.value = name.title = label;
    name.setAttribute("aria-label", `Name of class ${label}`);
    part(".remove").setAttribute("aria-label", `Remove class ${label}`);
    part(".webcam").setAttribute("aria-label", `Webcam: record ${label}`);
    part(".upload").setAttribute("aria-label", `Upload photos of ${label}`);
    name.onfocus = () => name.select();
    name.onkeydown = (event) => {
      if (event.key === "Enter") name.blur();
      if (event.key === "Escape") { name.value = label; name.blur(); }
      event.stopPropagation();
    };
    name.onblur = () => {
      const wanted = name.value.trim();
      if (!wanted || wanted === label) { name.value = label; return; }
      tell({ do: "rename", label, name: wanted });
    };
    part(".count").onclick = () => tell({ do: "see", label });
    part(".remove").onclick = () => tell({ do: "remove", label });
    // Whoever keeps it pressed records from the moment that the camera is on.
    let held = false;
    const turnOn = (keep) => {
      if (opened === camera) return;
      held = keep;
      opened?.close();
      opened = camera;
      element.classList.add("live");
      part(".ways").hidden = true;
      camera.open().then(() => { if (held && opened === camera) camera.begin(); });
    };
    const letGo = () => { if (held) { held = false; camera.end(); } };
    part(".webcam").onpointerdown = (event) => { if (!event.button) turnOn(true); };
    part(".webcam").onkeydown = (event) => {
      if (![" ", "Enter"].includes(event.key)) return;
      event.preventDefault();
      if (!event.repeat) turnOn(true);
    };
    part(".webcam").onclick = () => turnOn(false);
    for (const name of RELEASES) window.addEventListener(name, letGo);
    part(".upload").onclick = () => {
      const pick = find(".pick");
      pick.accept = data.suffixes.join(",");
      pick.onchange = () => { start(picked(pick), label, ""); };
      pick.click();
    };
    let shown = "";
    return {
      element,
      leave() {
        for (const name of RELEASES) window.removeEventListener(name, letGo);
        camera.close();
        element.remove();
      },
      show(known, mine) {
        const arriving = mine.reduce((sum, each) => sum + each.arrived, 0);
        const total = (known?.count ?? 0) + arriving;
        const urls = [...mine.flatMap((each) => each.urls).slice(-PICTURES).reverse(), ...(known?.pictures ?? [])];
        const some = urls.slice(0, PICTURES);
        element.classList.toggle("blank", !some.length);
        part(".count").textContent = total ? count(total) : "";
        part(".count").setAttribute("aria-label", `See all ${count(total)} photos of ${label}`);
        part(".count").disabled = !known?.count;
        part(".ways").hidden = !data.changes || element.classList.contains("live");
        name.readOnly = !data.changes;
        part(".remove").hidden = !data.changes || !known || (data.classes.length <= 2 && !known.count);
        part(".webcam").disabled = part(".upload").disabled = !known;
        if (element.getRootNode().activeElement !== name) name.value = label;
        const mark = some.join("\n");
        if (mark === shown) return;
        const before = new Set(shown.split("\n"));
        shown = mark;
        part(".pictures").replaceChildren(...some.map((url, n) => {
          const image = document.createElement("img");
          image.decoding = "async";
          image.alt = `${label}, photo ${n + 1}`;
          image.className = (known?.tiny ? "tiny " : "") + (before.has(url) ? "" : "new");
          image.src = url;
          return image;
        }));
      },
    };
  };

  // ---- the whole page is a place to drop ----

  const carries = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  // Other columns take what is dropped on them: whoever wants that marks it data-own-drop.
  const elsewhere = (event) =>
    event.composedPath().some((each) => each.dataset?.ownDrop !== undefined
      || /^stFileUploader/.test(each.dataset?.testid ?? ""));
  const cardAt = (event) => {
    const path = event.composedPath();
    return [...cards].find(([, { element }]) => path.includes(element));
  };
  let leaving = 0;
  const lit = (event) => {
    clearTimeout(leaving);
    const on = event && !elsewhere(event);
    const card = on ? cardAt(event) : null;
    find(".overlay").hidden = !on || !!card;
    cards.forEach(({ element }) => element.classList.toggle("over", element === card?.[1].element));
  };
  const over = (event) => {
    if (!carries(event) || !data.changes) return;
    if (!elsewhere(event)) event.preventDefault();
    lit(event);
    leaving = setTimeout(() => lit(null), 250);
  };
  const drop = async (event) => {
    if (!carries(event)) return;
    const skip = event.defaultPrevented || elsewhere(event);
    const card = cardAt(event);
    lit(null);
    if (skip) return;
    event.preventDefault();
    const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry()).filter(Boolean);
    const files = (await Promise.all(entries.map((entry) => walk(entry)))).flat();
    const folders = entries.filter((entry) => entry.isDirectory);
    await start(files, card ? card[0] : null, folders.length === 1 ? folders[0].name : "");
  };
  window.addEventListener("dragover", over);
  window.addEventListener("drop", drop);

  const picked = (input) => {
    const files = [...input.files].map((file) => ({ file, path: file.webkitRelativePath || file.name }));
    input.value = "";
    return files;
  };
  find(".more").onclick = () => tell({ do: "add" });
  find(".folder").onclick = () => find(".pick-folder").click();
  find(".pick-folder").onchange = ({ target }) => {
    const files = picked(target);
    if (files.length) start(files, null, files[0].path.split("/")[0]);
  };
  find(".files").onclick = () => {
    const pick = find(".pick");
    pick.accept = [...data.suffixes, ...data.archives].join(",");
    pick.onchange = () => { start(picked(pick), null, ""); };
    pick.click();
  };
  find(".cancel").onclick = () => (uploading ? uploading.abort() : tell({ do: "cancel" }));

  return {
    leave() {
      window.removeEventListener("dragover", over);
      window.removeEventListener("drop", drop);
      uploading?.abort();
      cards.forEach((card) => card.leave());
      forget([...pending]);
      studios.delete(root);
    },
    update({ data: latest, setStateValue }) {
      data = latest;
      send = setStateValue;
      if (saidOf !== null && saidOf !== labels()) say("");
      // As soon as they are among those that the page knows, they are not counted beside them.
      const there = (each) => !data.busy || countOf(each.label) > each.before;
      forget(pending.filter((each) => each.at <= data.taken && there(each)));
      if (!uploading) busy(data.busy);
      find(".hint").hidden = !data.hint;
      find(".drop").textContent = data.classes.some(({ count }) => count)
        ? "Drop more" : "Drop a folder, archive or photos anywhere";
      find(".more").hidden = !data.more;
      draw();
    },
  };
}

// One camera at a time: it is on from open() to close(), and keeps frames while a button is held.
function makeCamera(root, label, studio) {
  const find = (selector) => root.querySelector(selector);
  const video = find("video");
  const hold = find(".hold");
  let stream = null;
  let round = 0;
  let recording = null;

  const say = (text) => { find(".trouble").textContent = text; };
  const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

  const close = () => {
    round += 1;
    end();
    stream?.getTracks().forEach((track) => track.stop());
    stream = null;
    video.srcObject = null;
    find(".countdown").textContent = "";
    root.hidden = true;
    studio.closed();
  };

  const open = async () => {
    const mine = (round += 1);
    root.hidden = false;
    say("");
    hold.disabled = find(".timer").disabled = true;
    if (!navigator.mediaDevices?.getUserMedia) {
      say("Browsers give a camera only to pages that come over https, or from this computer.");
      return;
    }
    let got;
    try {
      got = await navigator.mediaDevices.getUserMedia({
        audio: false, video: { facingMode: "user", width: { ideal: 640 }, height: { ideal: 480 } },
      });
    } catch (error) {
      const none = ["NotFoundError", "OverconstrainedError"].includes(error.name);
      const taken = error.name === "NotReadableError";
      say(none ? "No camera was found." : taken ? "Another program is using the camera." : DENIED);
      return;
    }
    if (mine !== round) {
      got.getTracks().forEach((track) => track.stop());
      return;
    }
    stream = got;
    const [track] = stream.getVideoTracks();
    track.onended = () => { close(); };
    video.classList.toggle("away", track.getSettings?.().facingMode === "environment");
    video.srcObject = stream;
    await video.play().catch(() => {});
    hold.disabled = find(".timer").disabled = false;
    hold.focus({ preventScroll: true });
    root.scrollIntoView({ block: "nearest", behavior: "smooth" });
  };

  const begin = () => {
    if (recording || !video.videoWidth) return;
    const { token, url } = studio.shoot();
    // Frames of one recording are alike, so their common name keeps them together in splits.
    const id = Date.now().toString(36) + Math.random().toString(36).slice(2, 6);
    const mine = { label: label(), at: Infinity, arrived: 0, urls: [] };
    recording = { token, url, id, mine, frames: [], sent: [], going: true, taken: 0, failed: [] };
    root.classList.add("recording");
    hold.textContent = "Recording …";
    studio.began(mine);
    film(recording);
  };

  const end = () => {
    if (!recording) return;
    recording.going = false;
    recording = null;
    root.classList.remove("recording");
    hold.textContent = "Hold to record";
  };

  const film = async (one) => {
    let count = 0;
    let due = performance.now();
    while ((one.going || !count) && stream && count < MOST_FRAMES) {
      const blob = await frame();
      if (!blob) break;
      count += 1;
      const path = `webcam ${one.id} ${String(count).padStart(3, "0")}.jpg`;
      one.frames.push({ path, file: blob });
      one.mine.urls.push(URL.createObjectURL(blob));
      if (one.mine.urls.length > PICTURES * 2) URL.revokeObjectURL(one.mine.urls.shift());
      one.mine.arrived = count;
      studio.drawn();
      if (one.frames.length >= FRAMES_A_BUNDLE) post(one);
      due += EVERY_MS;
      await wait(Math.max(0, due - performance.now()));
    }
    post(one);
    await Promise.all(one.sent);
    studio.done(one.mine, { token: one.token, taken: one.taken, refused: [], failed: one.failed, file: "" });
  };

  const post = (one) => {
    const frames = one.frames.splice(0);
    if (!frames.length) return;
    one.sent.push(
      sendFiles({ url: one.url }, frames, new AbortController().signal, () => {})
        .then((result) => { one.taken += result.taken; one.failed.push(...result.failed); })
        .catch((problem) => { say(problem.message); }),
    );
  };

  const frame = () => {
    const canvas = document.createElement("canvas");
    const scale = Math.min(1, FRAME_SIDE / Math.min(video.videoWidth, video.videoHeight));
    canvas.width = Math.round(video.videoWidth * scale);
    canvas.height = Math.round(video.videoHeight * scale);
    if (!canvas.width) return Promise.resolve(null);
    canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
    return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.9));
  };

  const countdown = async () => {
    const mine = round;
    find(".timer").disabled = hold.disabled = true;
    for (let left = COUNTDOWN_S; left > 0 && mine === round; left -= 1) {
      find(".countdown").textContent = String(left);
      await wait(1000);
    }
    find(".countdown").textContent = "";
    if (mine === round) {
      begin();
      await wait(HANDS_FREE_MS);
      end();
    }
    find(".timer").disabled = hold.disabled = false;
  };

  hold.onpointerdown = (event) => {
    if (event.button) return;
    hold.setPointerCapture(event.pointerId);
    begin();
  };
  hold.onpointerup = hold.onpointercancel = hold.onblur = end;
  hold.oncontextmenu = (event) => event.preventDefault();
  hold.onkeydown = (event) => {
    if (![" ", "Enter"].includes(event.key)) return;
    event.preventDefault();
    if (!event.repeat) begin();
  };
  hold.onkeyup = end;
  find(".timer").onclick = countdown;
  find(".close").onclick = close;

  return { open, close, begin, end };
}
