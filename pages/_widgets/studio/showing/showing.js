// Takes a photo that is dropped, chosen, or pasted anywhere on the page, and hands it over.
const LARGEST = 20e6;
const listening = new WeakMap();

export default function ({ data, parentElement, setStateValue }) {
  const find = (selector) => parentElement.querySelector(selector);
  const place = find(".showing");
  const input = find("input");
  const say = (text) => { find(".said").textContent = text; };
  place.classList.toggle("small", data.small);
  find("button").hidden = !data.ready;
  find(".line").textContent = !data.ready
    ? "After training, show it a photo here."
    : data.small ? "Drop or paste the next one" : "Drop or paste a photo";

  const take = (file) => {
    if (!data.ready) return;
    if (file.size > LARGEST) { say(`“${file.name}” is larger than 20 MB.`); return; }
    if (!file.size) { say(`“${file.name}” is empty: there is nothing in it.`); return; }
    const reader = new FileReader();
    reader.onload = () => {
      say("");
      setStateValue("shown", { at: Date.now(), name: file.name || "pasted", data: reader.result });
    };
    reader.onerror = () => say("This file can’t be read.");
    reader.readAsDataURL(file);
  };
  find("button").onclick = () => input.click();
  input.onchange = () => {
    if (input.files.length) take(input.files[0]);
    input.value = "";
  };
  place.ondragover = (event) => { event.preventDefault(); place.classList.add("over"); };
  place.ondragleave = () => place.classList.remove("over");
  place.ondrop = (event) => {
    event.preventDefault();
    event.stopPropagation();
    place.classList.remove("over");
    if (!data.ready) say("There is no model to show it to yet: train one first.");
    else if (event.dataTransfer.files.length) take(event.dataTransfer.files[0]);
  };
  const pasted = (event) => {
    const items = [...(event.clipboardData?.items ?? [])];
    const image = items.find((item) => item.kind === "file" && item.type.startsWith("image/"));
    if (!image || !data.ready) return;
    event.preventDefault();
    take(image.getAsFile());
  };
  const before = listening.get(parentElement);
  if (before) document.removeEventListener("paste", before);
  document.addEventListener("paste", pasted);
  listening.set(parentElement, pasted);
  return () => document.removeEventListener("paste", pasted);
}
