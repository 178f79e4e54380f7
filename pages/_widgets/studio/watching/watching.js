// Shows what it is told; nothing is worked out here but where a point lies.

const led = new WeakSet();

export default function ({ data, parentElement }) {
  const find = (selector) => parentElement.querySelector(selector);
  if (data.leads && !led.has(parentElement) && matchMedia("(max-width: 640px)").matches) {
    find(".top").scrollIntoView({ block: "center" });
  }
  led.add(parentElement);
  const ring = find(".ring");
  const share = data.fraction;
  ring.classList.toggle("unknown", share === null);
  find(".gone").style.strokeDasharray = share === null ? "22 100" : `${share * 100} 100`;
  if (share === null) ring.removeAttribute("aria-valuenow");
  else ring.setAttribute("aria-valuenow", String(Math.round(share * 100)));
  ring.setAttribute("aria-valuetext", `${data.time} ${data.left}. ${data.doing}`);
  find(".time").textContent = data.time;
  find(".left").textContent = data.left;
  find(".score").textContent = data.score;
  find(".doing").textContent = data.doing;
  find(".note").textContent = data.note;
  const wall = find(".wall");
  // What glances a few times begins anew where the class is set anew.
  if (drawWall(wall, data.pictures)) {
    wall.classList.remove("working");
    void wall.offsetWidth;
  }
  wall.classList.toggle("working", data.working);
  drawCurves(find(".curves"), data.curves);
}

// Whether any picture is answered otherwise than before.
function drawWall(wall, pictures) {
  let changed = false;
  while (wall.children.length > pictures.length) wall.lastChild.remove();
  while (wall.children.length < pictures.length) wall.append(makeTile(wall.children.length));
  pictures.forEach((picture, n) => {
    const tile = wall.children[n];
    const image = tile.querySelector("img");
    if (image.getAttribute("src") !== picture.src) {
      image.src = picture.src;
      image.hidden = !picture.src;
    }
    const state = !picture.answer ? "open" : picture.right ? "right" : "wrong";
    const turned = tile.dataset.state === "wrong" && state === "right";
    if (tile.dataset.state !== state) {
      tile.dataset.state = state;
      tile.className = state + (turned ? " turned" : "");
    }
    const trying = tile.querySelector(".trying");
    const answer = tile.querySelector(".answer");
    const said = state === "open" ? "" : `${picture.right ? "✓" : "✗"} ${picture.answer}`;
    changed ||= answer.textContent !== said || (trying.dataset.state ?? "") !== picture.trying;
    trying.dataset.state = picture.trying;
    answer.textContent = said;
    image.alt = state === "open"
      ? `A picture of ${picture.label}`
      : `A picture of ${picture.label}, answered ${picture.answer}: ${state}`;
    tile.title = `is ${picture.label}` + (picture.answer ? `, answered ${picture.answer}` : "");
  });
  return changed;
}

function makeTile(n) {
  const tile = document.createElement("li");
  tile.style.setProperty("--n", n);
  tile.innerHTML = '<img draggable="false" alt=""><i class="trying"></i><div class="answer" aria-hidden="true"></div>';
  return tile;
}

const NS = "http://www.w3.org/2000/svg";
const line = (points) =>
  points.map(([x, y], n) => `${n ? "L" : "M"}${(x * 100).toFixed(2)} ${(100 - y * 100).toFixed(2)}`).join(" ");

function drawCurves(place, curves) {
  while (place.children.length > curves.length) place.lastChild.remove();
  while (place.children.length < curves.length) place.append(makeCurve());
  curves.forEach((curve, n) => {
    const figure = place.children[n];
    const [upwards, across] = figure.querySelectorAll("figcaption span");
    upwards.textContent = curve.upwards;
    across.textContent = curve.across;
    figure.querySelector("svg").setAttribute("aria-label", `${curve.upwards}; ${curve.across}`);
    figure.querySelector(".main").setAttribute("d", line(curve.points));
    figure.querySelector(".other").setAttribute("d", line(curve.other));
    const plot = figure.querySelector(".plot");
    plot.querySelectorAll(".mark").forEach((mark) => mark.remove());
    curve.marks.forEach(([x, y, kept]) => {
      const mark = document.createElement("span");
      mark.className = kept ? "mark" : "mark dropped";
      mark.style.left = `${x * 100}%`;
      mark.style.top = `${100 - y * 100}%`;
      plot.append(mark);
    });
  });
}

function makeCurve() {
  const figure = document.createElement("figure");
  figure.innerHTML = '<figcaption><span></span><span></span></figcaption><div class="plot"></div>';
  const svg = document.createElementNS(NS, "svg");
  svg.setAttribute("viewBox", "0 0 100 100");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("role", "img");
  for (const name of ["other", "main"]) {
    const path = document.createElementNS(NS, "path");
    path.setAttribute("class", name);
    svg.append(path);
  }
  figure.querySelector(".plot").append(svg);
  return figure;
}
