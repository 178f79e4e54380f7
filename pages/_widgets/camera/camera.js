// Shows the camera and asks the model about its frames: each as soon as the last one is answered.
//
// Nothing happens before the person presses the button, and the browser asks them once more. Frames
// go to the server's memory as small JPEGs, as the camera sees them; only the view is mirrored.

const cameras = new WeakMap();
const QUALITY = 0.85;
const PAUSE_MS = 60;
const DENIED =
  "The browser does not let this page use the camera. Allow it beside the address, then start again.";

export default function (component) {
  const { parentElement } = component;
  const camera = cameras.get(parentElement) ?? makeCamera(parentElement);
  cameras.set(parentElement, camera);
  camera.update(component);
  return () => camera.stop();
}

function makeCamera(root) {
  const find = (selector) => root.querySelector(selector);
  const video = find("video");
  const canvas = document.createElement("canvas");
  const bars = find(".bars");
  let data, send;
  let stream = null;
  let facing = "user";
  let round = 0;
  let begun = false;
  let answered = [];

  const say = (text) => { find(".said").textContent = text; };
  const show = (running) => {
    video.hidden = !running;
    find(".ask").hidden = running;
    find(".controls").hidden = !running;
    if (!running) {
      find(".answer").textContent = find(".sure").textContent = find(".pace").textContent = "";
      bars.replaceChildren();
    }
  };
  const stop = () => {
    round += 1;
    stream?.getTracks().forEach((track) => track.stop());
    stream = null;
    video.srcObject = null;
    answered = [];
    show(false);
  };

  const start = async () => {
    stop();
    say("");
    const mine = round;
    if (!navigator.mediaDevices?.getUserMedia) {
      say("Browsers give a camera only to pages that come over https, or from this computer.");
      return;
    }
    let opened;
    try {
      opened = await navigator.mediaDevices.getUserMedia({
        audio: false,
        video: { facingMode: facing, width: { ideal: 640 }, height: { ideal: 480 } },
      });
    } catch (error) {
      const none = ["NotFoundError", "OverconstrainedError"].includes(error.name);
      const busy = error.name === "NotReadableError";
      say(none ? "No camera was found." : busy ? "Another program is using the camera." : DENIED);
      return;
    }
    if (mine !== round) {
      opened.getTracks().forEach((track) => track.stop());
      return;
    }
    stream = opened;
    const [track] = stream.getVideoTracks();
    track.onended = () => { stop(); say("The camera was switched off."); };
    const seen = track.getSettings?.().facingMode;
    video.classList.toggle("mirrored", (seen ?? facing) !== "environment");
    video.srcObject = stream;
    show(true);
    try {
      await video.play();
    } catch {
      // Stopped, or hidden before it began.
    }
    const found = await navigator.mediaDevices.enumerateDevices().catch(() => []);
    find(".turn").hidden = found.filter((one) => one.kind === "videoinput").length < 2;
    loop(round);
  };

  // At about the model's size: the shorter side is as long as its images, at least 160 pixels.
  const frame = (side) => {
    const scale = Math.min(1, side / Math.min(video.videoWidth, video.videoHeight));
    canvas.width = Math.round(video.videoWidth * scale);
    canvas.height = Math.round(video.videoHeight * scale);
    canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
    return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
  };
  const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

  const loop = async (mine) => {
    let failures = 0;
    while (mine === round) {
      if (!root.isConnected) return stop();
      if (document.hidden || !video.videoWidth) {
        await wait(200);
        continue;
      }
      const began = performance.now();
      try {
        const blob = await frame(Math.max(160, data.size));
        if (mine !== round) return;
        const response = await fetch(data.url, {
          method: "POST", body: blob, headers: { "Content-Type": "image/jpeg" }, cache: "no-store",
        });
        const said = await response.json();
        if (mine !== round) return;
        if (!response.ok) throw Object.assign(new Error(said.detail), { told: said.detail });
        failures = 0;
        say("");
        draw(said);
      } catch (error) {
        if (mine !== round) return;
        failures += 1;
        if (error.told || failures > 5) {
          stop();
          say(error.told || "The server does not answer. Start the camera again.");
          return;
        }
        await wait(400);
      }
      // A breath, so that pages and other cameras have their turn.
      await wait(Math.max(0, PAUSE_MS - (performance.now() - began)));
    }
  };

  const per_cent = (share) => `${(share * 100).toFixed(1)} %`;
  const draw = ({ top, unfamiliar, milliseconds }) => {
    const [label, confidence] = top[0];
    const unsure = confidence < data.threshold;
    const now = performance.now();
    answered = [...answered.filter((at) => now - at < 2000), now];
    const answer = find(".answer");
    answer.textContent = unfamiliar
      ? "This doesn’t look like what it was trained on"
      : unsure ? "Not sure" : label;
    answer.classList.toggle("doubtful", unsure && !unfamiliar);
    answer.classList.toggle("unlike", unfamiliar);
    find(".sure").textContent = unfamiliar
      ? `if anything, ${label}`
      : unsure ? `perhaps ${label}, ${per_cent(confidence)}` : `${per_cent(confidence)} sure`;
    // Nothing looks like certainty beside an answer that has none.
    const shown = unfamiliar || unsure ? [] : top;
    while (bars.children.length > shown.length) bars.lastChild.remove();
    while (bars.children.length < shown.length) bars.append(bar());
    shown.forEach(([name, share], n) => {
      const [words, track] = bars.children[n].children;
      words.children[0].textContent = name;
      words.children[1].textContent = per_cent(share);
      track.firstChild.style.width = `${share * 100}%`;
    });
    const span = (now - answered[0]) / 1000;
    const pace = answered.length > 2 ? `${((answered.length - 1) / span).toFixed(0)} answers a second · ` : "";
    find(".pace").textContent = `${pace}${milliseconds.toFixed(0)} ms each on the server`;
    const view = find(".camera");
    view.dataset.answers = Number(view.dataset.answers ?? 0) + 1;
  };
  const bar = () => {
    const made = document.createElement("div");
    made.innerHTML =
      '<div class="name"><span></span><span></span></div><div class="track"><div class="fill"></div></div>';
    return made;
  };

  const keep = async () => {
    if (!video.videoWidth) return;
    const still = document.createElement("canvas");
    still.width = video.videoWidth;
    still.height = video.videoHeight;
    still.getContext("2d").drawImage(video, 0, 0);
    send("shot", { at: Date.now(), data: still.toDataURL("image/jpeg", 0.92) });
  };

  find(".start").onclick = start;
  find(".stop").onclick = stop;
  find(".keep").onclick = keep;
  find(".turn").onclick = () => { facing = facing === "user" ? "environment" : "user"; start(); };
  window.addEventListener("pagehide", stop);

  return {
    stop,
    update({ data: latest, setStateValue }) {
      data = latest;
      send = setStateValue;
      root.querySelector(".camera").classList.toggle("big", data.big);
      find(".keep").hidden = !data.keeps;
      find(".why").textContent = data.why;
      if (data.starts && !begun) start();
      begun = true;
    },
  };
}
