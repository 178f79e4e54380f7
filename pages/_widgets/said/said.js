// Shows an answer; hands over the class that somebody says it is instead.
const MANY = 12;
const NONE =
  "Then it is left out, and nothing is learned from it. To teach it, add a class for such photos.";
const BEGIN =
  "A new class is learned from 3 photos or more, by a training of its own. Without one, this photo is " +
  "left out.";

export default function ({ data, parentElement, setStateValue }) {
  const find = (selector) => parentElement.querySelector(selector);
  const place = find(".said");
  place.className = `said ${data.state} size-${data.size}` + (data.big ? " big" : "");
  // A long name breaks where its words end, not inside one.
  const words = data.headline.split(/(?<=[_.\/-])/);
  find(".headline").replaceChildren(
    ...words.flatMap((word, n) => (n ? [document.createElement("wbr"), word] : [word])));
  find(".more").textContent = data.more;
  find(".bars").replaceChildren(...data.bars.map(bar));

  const wrong = find(".wrong");
  wrong.hidden = !data.classes.length;
  find("summary").textContent = data.ask;
  const mark = JSON.stringify([data.headline, data.more, data.classes, data.refused, data.round]);
  if (place.dataset.mark === mark) return;
  place.dataset.mark = mark;
  wrong.open = !!data.refused;
  find(".refused").textContent = data.refused;
  const search = find(".find");
  search.hidden = data.classes.length <= MANY;
  search.value = "";
  const none = find(".none");
  none.disabled = find(".begin button").disabled = false;
  find(".hint").textContent = "";
  const begin = find(".begin");
  const fresh = find(".fresh");
  begin.hidden = true;
  fresh.value = "";
  none.onclick = () => {
    find(".hint").textContent = data.may_begin ? BEGIN : NONE;
    begin.hidden = !data.may_begin;
    if (data.may_begin) fresh.focus();
  };
  begin.onsubmit = (event) => {
    event.preventDefault();
    const label = fresh.value.trim();
    if (!label) { fresh.focus(); return; }
    hand({ label, new: true });
  };
  const buttons = data.classes.map((label) => {
    const button = document.createElement("button");
    button.type = "button";
    button.dir = "auto";
    button.textContent = button.title = label;
    button.onclick = () => hand({ label });
    return button;
  });
  const hand = (what) => {
    [...buttons, none, begin.querySelector("button")].forEach((each) => { each.disabled = true; });
    setStateValue("corrected", { at: Date.now(), ...what });
  };
  find(".classes").replaceChildren(...buttons);
  search.oninput = () => {
    const wanted = search.value.trim().toLowerCase();
    buttons.forEach((each) => { each.hidden = !each.textContent.toLowerCase().includes(wanted); });
  };
}

function bar({ label, share, text }) {
  const made = document.createElement("div");
  made.innerHTML =
    '<div class="name"><span></span><span></span></div><div class="track"><div class="fill"></div></div>';
  const [name, value] = made.querySelectorAll(".name span");
  name.textContent = name.title = label;
  name.dir = "auto";
  value.textContent = text;
  made.querySelector(".fill").style.width = `${share * 100}%`;
  return made;
}
