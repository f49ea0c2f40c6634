"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const byId = (id) => document.getElementById(id);
  const number = new Intl.NumberFormat("en-US");

  // what needs scripts is hidden without them
  for (const part of document.querySelectorAll(".tools, .filter, #theme")) part.hidden = false;

  // ---- themes
  const themes = ["system", "light", "dark"];
  // in VS Code, which says so on the body, its theme is meant rather than that of the system
  const editors = { "vscode-light": "light", "vscode-high-contrast-light": "light", "vscode-dark": "dark", "vscode-high-contrast": "dark" };
  const show = (theme) => {
    const shown = theme === "system" ? editors[document.body.dataset.vscodeThemeKind] : theme;
    if (shown === undefined) delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = shown;
    byId("theme").textContent = `Theme: ${theme}`;
  };
  let theme = "system";
  try { theme = localStorage.getItem("redis-ssot-theme") || theme; } catch { /* no storage: the choice is not kept */ }
  if (!themes.includes(theme)) theme = "system";
  show(theme);
  new MutationObserver(() => show(theme)).observe(document.body, { attributeFilter: ["data-vscode-theme-kind"] });
  byId("theme").addEventListener("click", () => {
    theme = themes[(themes.indexOf(theme) + 1) % themes.length];
    show(theme);
    try { localStorage.setItem("redis-ssot-theme", theme); } catch { /* as above */ }
  });

  // ---- tables: a click on a head sorts, a filter hides rows
  const valueOf = (row, column) => {
    const cell = row.cells[column];
    return cell.dataset.sort === undefined ? cell.textContent.trim() : Number(cell.dataset.sort);
  };
  const compare = (a, b) => (typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), "en", { numeric: true }));
  for (const table of document.querySelectorAll("table:not(#budget-table)")) {
    const body = table.tBodies[0];
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      head.replaceChildren(button);
      button.addEventListener("click", () => {
        const falling = head.getAttribute("aria-sort") === "ascending";
        for (const other of heads) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", falling ? "descending" : "ascending");
        const rows = [...body.rows].map((row) => [valueOf(row, column), row]);
        rows.sort((a, b) => (falling ? -1 : 1) * compare(a[0], b[0]));
        body.append(...rows.map(([, row]) => row));
      });
    });
  }
  const filter = (input) => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    const rows = [...byId(input.dataset.filters).tBodies[0].rows];
    let shown = 0;
    for (const row of rows) {
      row.words ??= row.textContent.toLowerCase();
      row.hidden = !words.every((word) => row.words.includes(word));
      shown += !row.hidden;
    }
    byId(input.id.replace("-filter", "-status")).textContent = words.length ? `${shown} of ${rows.length}` : "";
  };
  for (const input of document.querySelectorAll("[data-filters]")) input.addEventListener("input", () => filter(input));
  const showFindings = (path) => {
    const input = byId("findings-filter");
    if (input) { input.value = path; filter(input); }
    byId("findings").scrollIntoView();
    (input || byId("findings-title")).focus?.();
  };

  // ---- the connection budget
  const reckon = () => {
    const fallback = Number(byId("default-limit").value) || 0;
    const most = Number(byId("max-clients").value) || 0;
    const boxes = document.querySelectorAll("[data-pool]");
    const counts = new Set([...boxes].filter((box) => box.checked).map((box) => Number(box.dataset.pool)));
    const total = { all: 0, managers: 0 };
    for (const row of document.querySelectorAll("#budget-table tr[data-boundary]")) {
      const name = row.dataset.boundary;
      const field = [...document.querySelectorAll("input[data-boundary]")].find((one) => one.dataset.boundary === name);
      const own = data.pools.filter((pool, at) => pool.boundary === name && counts.has(at));
      const sum = (pools) => pools.reduce((n, pool) => n + (pool.limit ?? fallback), 0) * (Number(field.value) || 0);
      const all = sum(own), managers = sum(own.filter((pool) => pool.role === "manager"));
      [own.length, all, managers].forEach((value, at) => { row.cells[at + 1].textContent = number.format(value); });
      total.all += all;
      total.managers += managers;
    }
    byId("budget-total").textContent = number.format(total.all);
    byId("budget-managers").textContent = number.format(total.managers);
    const over = total.all > most;
    byId("budget-verdict").className = over ? "over" : "";
    byId("budget-verdict").textContent = over
      ? `${number.format(total.all)} connections are more than the ${number.format(most)} that the server accepts: it would refuse ${number.format(total.all - most)}.`
      : `${number.format(total.all)} of ${number.format(most)} connections: the server accepts them all.`;
  };
  byId("assumptions").addEventListener("input", reckon);
  byId("assumptions").addEventListener("submit", (event) => event.preventDefault());
  byId("pools-table").addEventListener("change", reckon);
  reckon();

  // ---- the graph
  const graph = data.graph;
  const drawing = byId("drawing");
  const svg = (name, attributes, parent, text) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text !== undefined) made.textContent = text;
    parent.append(made);
    return made;
  };
  const shapes = {
    manager: (n) => ["circle", { cx: n.x, cy: n.y, r: 14 }],
    forbidden: (n) => ["rect", { x: n.x - 12, y: n.y - 12, width: 24, height: 24 }],
    competing: (n) => ["path", { d: `M${n.x} ${n.y - 16}l16 16l-16 16l-16 -16z` }],
    importer: (n) => ["circle", { cx: n.x, cy: n.y, r: 5 }],
  };
  const plural = (count, what) => `${number.format(count)} ${what}${count === 1 ? "" : "s"}`;
  for (const field of graph.fields) {
    svg("rect", { class: "field", x: field.x, y: field.y, width: field.width, height: field.height, rx: 12 }, drawing);
    svg("text", { class: "name", x: field.x + 14, y: field.y + 26 }, drawing, field.boundary || "root");
  }
  const lines = graph.edges.map((edge) => {
    const from = graph.nodes[edge.source], to = graph.nodes[edge.target];
    return svg("line", { class: edge.crosses ? "edge crosses" : "edge", x1: from.x, y1: from.y, x2: to.x, y2: to.y }, drawing);
  });
  const nodes = graph.nodes.map((node, at) => {
    const what = node.role === "importer" ? "imports a manager" : node.role;
    const made = svg("g", {
      class: `node ${node.role}${node.findings ? " found" : ""}`, role: "button", tabindex: at ? -1 : 0,
      "aria-label": `${node.label}, ${what}, ${node.boundary || "root"}, ${plural(node.findings, "finding")}`,
    }, drawing);
    const [name, attributes] = shapes[node.role](node);
    svg(name, { ...attributes, class: "shape" }, made);
    if (node.role === "importer") svg("title", {}, made, node.label);
    else svg("text", { class: "label", x: node.x, y: node.y + node.below }, made, node.label.split(".").slice(-2).join("."));
    made.addEventListener("click", () => choose(at));
    made.addEventListener("focus", () => { rove(at); reveal(node); });
    return made;
  });
  let current = 0;
  const rove = (at) => {
    nodes[current]?.setAttribute("tabindex", -1);
    current = at;
    nodes[at].setAttribute("tabindex", 0);
  };
  const importersOf = (at) => graph.edges.filter((edge) => edge.target === at).map((edge) => edge.source);
  const importedBy = (at) => graph.edges.filter((edge) => edge.source === at).map((edge) => edge.target);
  const choose = (at) => {
    const node = graph.nodes[at];
    nodes.forEach((made, n) => made.classList.toggle("chosen", n === at));
    lines.forEach((line, n) => line.classList.toggle("near", graph.edges[n].source === at || graph.edges[n].target === at));
    const panel = byId("chosen");
    panel.replaceChildren();
    const add = (tag, text, parent = panel) => { const made = document.createElement(tag); made.textContent = text; parent.append(made); return made; };
    add("h3", node.label);
    add("p", `${node.role === "importer" ? "Imports a manager" : `Role: ${node.role}`}; boundary: ${node.boundary || "root"}${node.path && node.path !== node.label ? `; ${node.path}` : ""}`);
    if (node.findings) {
      const button = add("button", `Show ${plural(node.findings, "finding")}`);
      button.type = "button";
      button.addEventListener("click", () => showFindings(node.path));
    } else add("p", "No finding.");
    for (const [title, found] of [["Imports", importedBy(at)], ["Imported by", importersOf(at)]]) {
      if (!found.length) continue;
      add("p", `${title} (${found.length}):`);
      const list = add("ul", "");
      for (const other of found) {
        const button = add("button", graph.nodes[other].label, add("li", "", list));
        button.type = "button";
        button.addEventListener("click", () => { choose(other); nodes[other].focus(); });
      }
    }
  };

  const whole = () => ({ x: -20, y: -20, width: graph.width + 40, height: graph.height + 40 });
  let view = whole();
  const look = () => drawing.setAttribute("viewBox", `${view.x} ${view.y} ${view.width} ${view.height}`);
  const zoom = (factor, x = view.x + view.width / 2, y = view.y + view.height / 2) => {
    if (factor === 0) view = whole();
    else {
      const width = Math.min(Math.max(view.width * factor, 80), whole().width * 2);
      const by = width / view.width;
      view = { x: x - (x - view.x) * by, y: y - (y - view.y) * by, width, height: view.height * by };
    }
    look();
  };
  const reveal = (node) => {
    if (node.x < view.x || node.x > view.x + view.width || node.y < view.y || node.y > view.y + view.height) {
      view = { ...view, x: node.x - view.width / 2, y: node.y - view.height / 2 };
      look();
    }
  };
  look();
  for (const button of document.querySelectorAll("[data-zoom]")) button.addEventListener("click", () => zoom(Number(button.dataset.zoom)));
  const place = (event) => new DOMPoint(event.clientX, event.clientY).matrixTransform(drawing.getScreenCTM().inverse());
  drawing.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const { x, y } = place(event);
    zoom(event.deltaY > 0 ? 1.2 : 1 / 1.2, x, y);
  }, { passive: false });
  let held = null;
  drawing.addEventListener("pointerdown", (event) => { held = place(event); });
  addEventListener("pointerup", () => { held = null; });
  addEventListener("pointermove", (event) => {
    if (!held) return;
    const { x, y } = place(event);
    view = { ...view, x: view.x + held.x - x, y: view.y + held.y - y };
    look();
  });
  drawing.addEventListener("keydown", (event) => {
    const steps = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
    const act = {
      "+": () => zoom(0.7), "=": () => zoom(0.7), "-": () => zoom(1.4), "0": () => zoom(0),
      Home: () => nodes[0].focus(), End: () => nodes[nodes.length - 1].focus(),
      Enter: () => choose(current), " ": () => choose(current),
    }[event.key] ?? (steps[event.key] && (() => nodes[(current + steps[event.key] + nodes.length) % nodes.length].focus()));
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  });
  const search = byId("graph-search");
  const matches = () => {
    const text = search.value.trim().toLowerCase();
    return text ? graph.nodes.flatMap((node, at) => (`${node.label} ${node.path}`.toLowerCase().includes(text) ? [at] : [])) : null;
  };
  search.addEventListener("input", () => {
    const found = matches();
    const kept = found && new Set(found);
    nodes.forEach((made, at) => made.classList.toggle("faded", kept !== null && !kept.has(at)));
    lines.forEach((line, at) => line.classList.toggle("faded", kept !== null && !kept.has(graph.edges[at].source) && !kept.has(graph.edges[at].target)));
    byId("graph-status").textContent = found ? `${found.length} of ${nodes.length}` : "";
  });
  search.addEventListener("keydown", (event) => {
    const found = event.key === "Enter" ? matches() : null;
    if (!found?.length) return;
    const next = found.find((at) => at > current && nodes[current].classList.contains("chosen")) ?? found[0];
    rove(next);
    choose(next);
    reveal(graph.nodes[next]);
  });
})();
