// A map of points that shows the picture of the one under the pointer.
//
// Mouse: rest on a point to see it, click to open it, drag to move, Ctrl and wheel to zoom (the wheel
// alone scrolls the page, unless the map was clicked on before). Touch: tap to see, "Look closer" to
// open, pinch to zoom, drag once zoomed in. Keys: arrows go from point to point, Enter opens, M goes
// to the next mistake, + and - zoom, 0 shows all. All names are set as text, never as HTML.

const SHAPES = ["circle", "square", "up", "diamond", "down", "plus", "star", "hexagon", "cross",
  "pentagon"];

function outline(context, shape, x, y, r) {
  const ring = (count, turn, radius = () => r) => {
    for (let n = 0; n < count; n++) {
      const angle = turn + (2 * Math.PI * n) / count;
      context.lineTo(x + radius(n) * Math.cos(angle), y + radius(n) * Math.sin(angle));
    }
    context.closePath();
  };
  const bars = (turn) => {
    const [long, thin] = [r * 1.1, r * 0.38];
    const corners = [[-thin, -long], [thin, -long], [thin, -thin], [long, -thin], [long, thin],
      [thin, thin], [thin, long], [-thin, long], [-thin, thin], [-long, thin], [-long, -thin],
      [-thin, -thin]];
    const [c, s] = [Math.cos(turn), Math.sin(turn)];
    corners.forEach(([a, b]) => context.lineTo(x + a * c - b * s, y + a * s + b * c));
    context.closePath();
  };
  context.beginPath();
  if (shape === "square") context.rect(x - r * 0.86, y - r * 0.86, r * 1.72, r * 1.72);
  else if (shape === "up") ring(3, -Math.PI / 2, () => r * 1.2);
  else if (shape === "down") ring(3, Math.PI / 2, () => r * 1.2);
  else if (shape === "diamond") ring(4, 0, () => r * 1.2);
  else if (shape === "pentagon") ring(5, -Math.PI / 2, () => r * 1.1);
  else if (shape === "hexagon") ring(6, 0, () => r * 1.1);
  else if (shape === "star") ring(10, -Math.PI / 2, (n) => (n % 2 ? r * 0.55 : r * 1.3));
  else if (shape === "plus") bars(0);
  else if (shape === "cross") bars(Math.PI / 4);
  else context.arc(x, y, r, 0, 2 * Math.PI);
}

function parts(colour) {
  const probe = document.createElement("canvas").getContext("2d");
  probe.fillStyle = "#fff";
  probe.fillStyle = colour;
  probe.fillRect(0, 0, 1, 1);
  return [...probe.getImageData(0, 0, 1, 1).data].slice(0, 3);
}

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".map");
  const field = root.querySelector(".field");
  const canvas = field.querySelector("canvas");
  // What is pointed at lies on a layer of its own, so that the points needn't be drawn again.
  const top = field.querySelector("canvas.top");
  const tip = root.querySelector(".tip");
  const said = root.querySelector(".said");
  const legend = root.querySelector(".legend");
  const count = data.x.length;
  // What the person has done to this map stays while the page around it changes.
  if (!root.state || root.state.mark !== data.mark) {
    root.state = { mark: data.mark, hidden: new Set(), only: false, zoom: 1, cx: 0, cy: 0, at: -1,
      pinned: false };
  }
  const state = root.state;
  // Under a short address, since the browser compares the whole of it wherever it is used.
  if (data.sheet && root.sheetMark !== data.mark) {
    if (root.sheet) URL.revokeObjectURL(root.sheet);
    const bytes = Uint8Array.from(atob(data.sheet), (letter) => letter.charCodeAt(0));
    root.sheet = URL.createObjectURL(new Blob([bytes], { type: "image/webp" }));
    root.sheetMark = data.mark;
  }
  const group = (n) => (data.style[data.t[n]] < 0 ? -1 : data.t[n]);
  const wrong = (n) => data.t[n] !== data.p[n];
  const visible = (n) => !state.hidden.has(group(n)) && !(state.only && !wrong(n));
  const css = (name) => getComputedStyle(root).getPropertyValue(name).trim();
  let ink, paper, dark, colours, width, height, unit;

  const look = () => {
    [ink, paper] = [css("--st-text-color"), css("--st-background-color")];
    const [r, g, b] = parts(paper);
    dark = 0.299 * r + 0.587 * g + 0.114 * b < 128;
    // Deep colours would drown in a dark page.
    colours = data.colours.map((colour) => {
      const mixed = parts(colour).map((v) => (dark ? v + (255 - v) * 0.25 : v));
      return `rgb(${mixed.map(Math.round).join(",")})`;
    });
  };
  const place = (n) => [
    width / 2 + (data.x[n] - state.cx) * unit * state.zoom,
    height / 2 - (data.y[n] - state.cy) * unit * state.zoom,
  ];
  const symbol = (context, kind, x, y, r, isDark) => {
    outline(context, kind < 0 ? "circle" : SHAPES[kind % SHAPES.length], x, y, kind < 0 ? r * 0.7 : r);
    context.globalAlpha = kind < 0 ? 0.45 : 0.92;
    context.fillStyle = kind < 0 ? "#888d96" : colours[kind % colours.length];
    context.fill();
    context.globalAlpha = 1;
    context.lineWidth = 0.8;
    context.strokeStyle = isDark ? "rgba(0,0,0,.55)" : "rgba(255,255,255,.85)";
    context.stroke();
  };
  const ring = (context, x, y, r, width = 1.9) => {
    context.beginPath();
    context.arc(x, y, r, 0, 2 * Math.PI);
    context.lineWidth = width;
    context.strokeStyle = ink;
    context.stroke();
  };
  const draw = () => {
    const scale = window.devicePixelRatio || 1;
    [width, height] = [field.clientWidth, field.clientHeight];
    if (!width || !height) return;
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    unit = Math.min((width - 44) / data.wide, (height - 44) / data.high);
    const context = canvas.getContext("2d");
    context.setTransform(scale, 0, 0, scale, 0, 0);
    const [many, r] = symbolSize();
    const order = [...Array(count).keys()].filter(visible);
    // Grey ones lie below, mistakes on top.
    const level = (n) => (wrong(n) ? 2 : group(n) < 0 ? 0 : 1);
    order.sort((a, b) => level(a) - level(b));
    for (const n of order) {
      const [x, y] = place(n);
      if (x < -20 || y < -20 || x > width + 20 || y > height + 20) continue;
      symbol(context, data.style[data.t[n]], x, y, r, dark);
      if (wrong(n)) ring(context, x, y, r + 1.8 + 1.4 * many, 1 + 0.9 * many);
    }
    if (!order.length) {
      context.fillStyle = ink;
      context.textAlign = "center";
      context.font = `14px ${css("--st-font")}`;
      context.fillText("All points are hidden.", width / 2, height / 2);
    }
    point();
  };
  const symbolSize = () => {
    const many = Math.min(1, Math.sqrt(700 / Math.max(count, 1)));
    return [many, Math.min(9, (3.4 + 2.4 * many) * Math.pow(state.zoom, 0.3))];
  };
  const point = () => {
    const scale = window.devicePixelRatio || 1;
    top.width = canvas.width;
    top.height = canvas.height;
    if (state.at >= 0 && visible(state.at)) {
      const context = top.getContext("2d");
      context.setTransform(scale, 0, 0, scale, 0, 0);
      const [x, y] = place(state.at);
      context.beginPath();
      context.arc(x, y, symbolSize()[1] + 6.5, 0, 2 * Math.PI);
      context.lineWidth = 3;
      context.strokeStyle = css("--st-primary-color");
      context.stroke();
    }
    showTip();
  };

  const line = (text, name) => {
    const element = document.createElement("div");
    element.className = `line ${name}`;
    element.textContent = text;
    return element;
  };
  const words = (n) => {
    const [is, sure] = [data.classes[data.t[n]], `${data.k[n]} %`];
    return wrong(n)
      ? [`is ${is}`, `answered ${data.classes[data.p[n]]}, ${sure} sure`]
      : [`is ${is}`, `answered right, ${sure} sure`];
  };
  const showTip = () => {
    const n = state.at;
    tip.classList.toggle("on", n >= 0 && visible(n));
    tip.classList.toggle("pinned", state.pinned);
    if (n < 0 || !visible(n)) return;
    const mark = `${n} ${state.pinned}`;
    if (tip.dataset.mark !== mark) {
      tip.dataset.mark = mark;
      tip.replaceChildren();
      const [w, h] = [data.w[n], data.h[n]];
      if (data.sheet && w) {
        const larger = 128 / Math.max(w, h);
        const picture = document.createElement("div");
        picture.className = "picture";
        const [column, row] = [n % data.across, Math.floor(n / data.across)];
        Object.assign(picture.style, {
          width: `${w * larger}px`, height: `${h * larger}px`,
          backgroundImage: `url(${root.sheet})`,
          backgroundSize: `${data.across * data.side * larger}px auto`,
          backgroundPosition: `${-column * data.side * larger}px ${-row * data.side * larger}px`,
          imageRendering: data.tiny[n] ? "pixelated" : "auto",
        });
        tip.appendChild(picture);
      }
      const [is, answered] = words(n);
      tip.append(line(is, ""), line(answered, wrong(n) ? "wrong" : ""), line(data.ids[n], "path"));
      if (state.pinned) {
        const button = document.createElement("button");
        button.type = "button";
        button.textContent = "Look closer";
        button.onclick = () => open(n);
        tip.appendChild(button);
      }
    }
    const [x, y] = place(n);
    const [w, h] = [tip.offsetWidth, tip.offsetHeight];
    const left = x + 16 + w < width ? x + 16 : x - 16 - w;
    tip.style.left = `${Math.max(4, Math.min(width - w - 4, left))}px`;
    tip.style.top = `${Math.max(4, Math.min(height - h - 4, y - h / 2))}px`;
  };
  // The time makes a second click on the same point another one.
  const open = (n) => setStateValue("opened", { id: data.ids[n], at: Date.now() });
  const choose = (n, pinned = false) => {
    if (n === state.at && pinned === state.pinned) return;
    state.at = n;
    state.pinned = pinned;
    point();
  };
  const nearest = (x, y, reach) => {
    let [best, found] = [reach * reach, -1];
    for (let n = 0; n < count; n++) {
      if (!visible(n)) continue;
      const [a, b] = place(n);
      const far = (a - x) ** 2 + (b - y) ** 2;
      // A mistake is found before what it lies on.
      if (far < best || (far === best && wrong(n))) [best, found] = [far, n];
    }
    return found;
  };
  const clamp = () => {
    state.zoom = Math.max(1, Math.min(60, state.zoom));
    const [a, b] = [data.wide / 2, data.high / 2];
    state.cx = state.zoom === 1 ? 0 : Math.max(-a, Math.min(a, state.cx));
    state.cy = state.zoom === 1 ? 0 : Math.max(-b, Math.min(b, state.cy));
    // A finger scrolls the page past a map that shows all of itself.
    canvas.style.touchAction = state.zoom === 1 ? "pan-y" : "none";
  };
  const zoom = (factor, x = width / 2, y = height / 2) => {
    const before = state.zoom;
    const [mx, my] = [
      state.cx + (x - width / 2) / (unit * before), state.cy - (y - height / 2) / (unit * before),
    ];
    state.zoom = Math.max(1, Math.min(60, before * factor));
    state.cx = mx - (x - width / 2) / (unit * state.zoom);
    state.cy = my + (y - height / 2) / (unit * state.zoom);
    clamp();
    draw();
  };
  const showAll = () => { state.zoom = 1; clamp(); draw(); };
  const intoView = (n) => {
    const [x, y] = place(n);
    if (x > 10 && y > 10 && x < width - 10 && y < height - 10) return;
    [state.cx, state.cy] = [data.x[n], data.y[n]];
    clamp();
    draw();
  };
  const say = (n) => { said.textContent = [...words(n), data.ids[n]].join(", "); };

  const held = new Map();
  let moved = false;
  let gap = 0;
  const spot = (event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  canvas.onpointerdown = (event) => {
    held.set(event.pointerId, spot(event));
    canvas.setPointerCapture(event.pointerId);
    if (held.size === 1) moved = false;
    if (held.size === 2) {
      const [a, b] = [...held.values()];
      gap = Math.hypot(a[0] - b[0], a[1] - b[1]);
      moved = true;
    }
  };
  canvas.onpointermove = (event) => {
    const [x, y] = spot(event);
    if (!held.has(event.pointerId)) {
      const n = nearest(x, y, 16);
      canvas.classList.toggle("over", n >= 0);
      if (!state.pinned || n >= 0) choose(n);
      return;
    }
    const [px, py] = held.get(event.pointerId);
    if (held.size === 1) {
      if (!moved && Math.hypot(x - px, y - py) < 5) return;
      moved = true;
      canvas.classList.add("held");
      state.cx -= (x - px) / (unit * state.zoom);
      state.cy += (y - py) / (unit * state.zoom);
      clamp();
      draw();
    }
    held.set(event.pointerId, [x, y]);
    if (held.size === 2) {
      const [a, b] = [...held.values()];
      const now = Math.hypot(a[0] - b[0], a[1] - b[1]);
      if (gap) zoom(now / gap, (a[0] + b[0]) / 2, (a[1] + b[1]) / 2);
      gap = now;
    }
  };
  const release = (event) => {
    held.delete(event.pointerId);
    canvas.classList.remove("held");
  };
  canvas.onpointerup = (event) => {
    const was = held.size;
    release(event);
    if (moved || was !== 1) return;
    const touch = event.pointerType === "touch";
    const n = nearest(...spot(event), touch ? 28 : 16);
    if (n >= 0 && !touch) open(n);
    else choose(n, n >= 0 && touch);
  };
  canvas.onpointercancel = release;
  canvas.onpointerleave = () => { if (!state.pinned && !held.size) choose(-1); };
  canvas.onwheel = (event) => {
    if (!event.ctrlKey && !event.metaKey && field.getRootNode().activeElement !== canvas) return;
    event.preventDefault();
    zoom(Math.exp(-event.deltaY * 0.0022), ...spot(event));
  };
  const beside = (dx, dy) => {
    if (state.at < 0) return nearest(width / 2, height / 2, 1e9);
    const [x, y] = place(state.at);
    let [best, found] = [Infinity, state.at];
    for (let n = 0; n < count; n++) {
      if (!visible(n) || n === state.at) continue;
      const [a, b] = place(n);
      const along = (a - x) * dx + (b - y) * dy;
      const aside = Math.abs((a - x) * dy) + Math.abs((b - y) * dx);
      if (along <= 0 || aside > along * 1.5) continue;
      if (along + 2 * aside < best) [best, found] = [along + 2 * aside, n];
    }
    return found;
  };
  canvas.onkeydown = (event) => {
    const ways = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in ways || event.key === "m" || event.key === "M") {
      let n = state.at;
      if (event.key in ways) n = beside(...ways[event.key]);
      else {
        for (let step = 1; step <= count; step++) {
          const next = (Math.max(state.at, -1) + step + count) % count;
          if (wrong(next) && visible(next)) { n = next; break; }
        }
      }
      if (n >= 0) { intoView(n); state.at = -1; choose(n); say(n); }
    } else if (event.key === "Enter" && state.at >= 0) open(state.at);
    else if (event.key === "+" || event.key === "=") zoom(1.4);
    else if (event.key === "-") zoom(1 / 1.4);
    else if (event.key === "0") showAll();
    else if (event.key === "Escape") choose(-1);
    else return;
    event.preventDefault();
  };
  root.querySelector("[data-zoom=in]").onclick = () => zoom(1.6);
  root.querySelector("[data-zoom=out]").onclick = () => zoom(1 / 1.6);
  root.querySelector("[data-zoom=all]").onclick = showAll;

  // Entries are made once and marked afterwards: a second click must meet the same element.
  const entry = (name, number, title, paint, act) => {
    const button = document.createElement("button");
    button.type = "button";
    button.title = title;
    const icon = document.createElement("canvas");
    icon.width = icon.height = 40;
    const context = icon.getContext("2d");
    context.setTransform(2, 0, 0, 2, 0, 0);
    paint(context);
    const label = document.createElement("span");
    label.className = "name";
    label.textContent = name;
    const many = document.createElement("span");
    many.className = "count";
    many.textContent = number.toLocaleString("en");
    button.append(icon, label, many);
    button.onclick = () => { act(); mark(); draw(); };
    legend.appendChild(button);
    return button;
  };
  let mark = () => {};
  const drawLegend = () => {
    legend.replaceChildren();
    const groups = new Map();
    let mistakes = 0;
    for (let n = 0; n < count; n++) {
      groups.set(group(n), (groups.get(group(n)) || 0) + 1);
      mistakes += wrong(n);
    }
    const keys = [...groups.keys()].sort((a, b) => (a < 0) - (b < 0) || a - b);
    const only = entry(
      "only mistakes", mistakes, "Hide or show right answers",
      (context) => ring(context, 10, 10, 7), () => { state.only = !state.only; },
    );
    only.className = "only";
    const rule = document.createElement("div");
    rule.className = "rule";
    legend.appendChild(rule);
    const buttons = keys.map((key) => {
      const name = key < 0 ? "other classes" : data.classes[key];
      const button = entry(
        name, groups.get(key), `${name}: click to hide or show, double-click for this one only`,
        (context) => symbol(context, key < 0 ? -1 : data.style[key], 10, 10, 6, dark),
        () => { if (!state.hidden.delete(key)) state.hidden.add(key); },
      );
      button.ondblclick = () => {
        const alone = keys.every((other) => other === key || state.hidden.has(other));
        state.hidden = new Set(alone ? [] : keys.filter((other) => other !== key));
        mark();
        draw();
      };
      return button;
    });
    mark = () => {
      only.setAttribute("aria-pressed", String(state.only));
      buttons.forEach((button, n) =>
        button.setAttribute("aria-pressed", String(!state.hidden.has(keys[n]))));
    };
    mark();
  };

  canvas.setAttribute("aria-label", data.label);
  const redraw = () => { look(); drawLegend(); draw(); };
  clamp();
  redraw();
  root.watch?.disconnect();
  root.watch = new ResizeObserver(() => draw());
  root.watch.observe(field);
  const scheme = window.matchMedia("(prefers-color-scheme: dark)");
  scheme.onchange = () => setTimeout(redraw, 300);
  return () => {
    root.watch.disconnect();
    scheme.onchange = null;
    if (root.sheet) URL.revokeObjectURL(root.sheet);
    root.sheet = root.sheetMark = tip.dataset.mark = "";
  };
}
