"use strict";
(() => {
  const figures = JSON.parse(document.getElementById("figures").textContent);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const coarse = matchMedia("(pointer: coarse)");
  const narrow = matchMedia("(max-width: 30rem)");

  // every colour of a chart is a variable of the page, so that it follows light, dark and paper
  const coloured = (value, key, style) => {
    if (Array.isArray(value)) return value.map((one) => coloured(one, "", style));
    if (value !== null && typeof value === "object") return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, coloured(inner, name, style)]));
    return /color$/.test(key) && typeof value === "string" && value.startsWith("--") ? style.getPropertyValue(value).trim() : value;
  };

  const draw = () => {
    const root = document.documentElement;
    const style = getComputedStyle(root);
    root.classList.remove("drawn");
    return Promise.all(Object.entries(figures).map(([id, figure]) => {
      const { data, layout } = coloured(figure, "", style);
      layout.dragmode = coarse.matches ? false : "zoom"; // a finger scrolls the page
      const place = document.getElementById(id);
      layout.width = place.clientWidth; // Plotly's own following of the window forgets the height
      if (narrow.matches) layout.height += 18 * data.filter((trace) => trace.showlegend !== false).length; // a row for each
      place.style.height = `${layout.height}px`; // the page keeps its place while a chart is made anew
      return Plotly.newPlot(place, data, layout, { displayModeBar: false });
    })).then(() => root.classList.add("drawn"));
  };

  const sortable = (table) => {
    const heads = [...table.tHead.rows[0].cells];
    const body = table.tBodies[0];
    const sort = (column) => {
      const head = heads[column];
      const down = head.getAttribute("aria-sort") === "ascending";
      const known = (row) => row.cells[column].dataset.key;
      const numbers = [...body.rows].every((row) => Number.isFinite(Number(known(row))));
      const order = (one, other) => (numbers ? Number(one) - Number(other) : one.localeCompare(other));
      const rows = [...body.rows].sort((one, other) => {
        const [a, b] = [known(one), known(other)];
        if (a === "" || b === "") return (a === "") - (b === ""); // what is not known comes last, either way
        return down ? order(b, a) : order(a, b);
      });
      body.append(...rows);
      heads.forEach((each) => each.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
    };
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      button.addEventListener("click", () => sort(column));
      head.append(button);
    });
  };

  document.querySelectorAll("table.sortable").forEach(sortable);
  let width = 0;
  new ResizeObserver(() => {
    if (width !== (width = document.body.clientWidth)) draw();
  }).observe(document.body);
  dark.addEventListener("change", draw);
  addEventListener("beforeprint", () => {
    document.documentElement.classList.add("printed");
    document.querySelectorAll("details:not([open])").forEach((each) => {
      each.open = true;
      each.classList.add("unfolded");
    });
    draw();
  });
  addEventListener("afterprint", () => {
    document.documentElement.classList.remove("printed");
    document.querySelectorAll(".unfolded").forEach((each) => {
      each.open = false;
      each.classList.remove("unfolded");
    });
    draw();
  });
})();
