// The switches of the scene: vtk.js is started when it comes into view, and every switch shows or hides its actors.
"use strict";
(() => {
  const place = document.querySelector(".canvas"), waiting = place && place.querySelector(".waiting");
  if (!place) return;
  const chosen = (group) => document.querySelector(`input[name="${group}"]:checked`).value;
  let scene = null, camera = null, window3d = null, home = null;

  const shown = () => {
    const [show, arm, load] = ["show", "arm", "load"].map(chosen);
    const wanted = show === "inside" ? [`inside/${arm}/`] : [`${show}/${arm}/${load}`];
    return (name) => wanted.some((one) => (one.endsWith("/") ? name.startsWith(one) : name === one)) || name === `site/${arm}/${load}`;
  };

  const update = () => {
    const [show, load] = ["show", "load"].map(chosen);
    document.querySelectorAll(".under [data-show]").forEach((one) => {
      one.hidden = (one.dataset.show === "inside") !== (show === "inside") || (one.dataset.load && one.dataset.load !== load);
    });
    if (!scene) return;
    const wanted = shown();
    scene.getActors().forEach((actor) => actor.setVisibility(wanted(actor.get("remoteId").remoteId)));
    const shade = getComputedStyle(place).backgroundColor.match(/[\d.]+/g).slice(0, 3).map((part) => part / 255);
    scene.setBackground(...shade);
    scene.resetCameraClippingRange();
    window3d.render();
    place.dataset.shown = ["show", "arm", "load"].map(chosen).join(" ");
  };

  const look = (direction, up) => {
    const focus = home.focus, far = home.distance;
    camera.setFocalPoint(...focus);
    camera.setPosition(...focus.map((part, i) => part + far * direction[i]));
    camera.setViewUp(...up);
    camera.setParallelScale(home.scale);
    scene.resetCameraClippingRange();
    window3d.render();
  };

  const moves = {
    reset: () => look(home.direction, home.up), front: () => look([0, 1, 0], [0, 0, 1]), back: () => look([0, -1, 0], [0, 0, 1]),
    side: () => look([1, 0, 0], [0, 0, 1]), top: () => look([0, 0, 1], [0, 1, 0]),
    left: () => camera.azimuth(20), right: () => camera.azimuth(-20), up: () => camera.elevation(-15), down: () => camera.elevation(15),
    near: () => camera.setParallelScale(camera.getParallelScale() / 1.25), far: () => camera.setParallelScale(camera.getParallelScale() * 1.25),
  };

  const begin = () => {
    window3d = window.global.renderWindow;
    const found = window3d && window3d.getRenderers().find((one) => one.getActors().length > 0);
    const whole = found && found.getActors().every((actor) => actor.getMapper() && actor.getMapper().getInputData() && actor.getMapper().getInputData().getPoints().getNumberOfPoints() > 0);
    if (!whole) return void setTimeout(begin, 60);
    // the loader's own empty renderer would lie over ours
    window3d.getRenderers().filter((one) => one !== found).forEach((one) => window3d.removeRenderer(one));
    scene = found;
    camera = scene.getActiveCamera();
    const focus = camera.getFocalPoint(), eye = camera.getPosition(), distance = Math.hypot(...eye.map((part, i) => part - focus[i]));
    home = { focus, distance, scale: camera.getParallelScale(), up: camera.getViewUp(), direction: eye.map((part, i) => (part - focus[i]) / distance) };
    place.dataset.ready = "true";
    update();
  };

  const start = () => {
    const canvas = document.createElement("canvas");
    if (!(canvas.getContext("webgl2") || canvas.getContext("webgl"))) {
      waiting.textContent = "This browser draws no WebGL; the pictures above and below show the same.";
      return;
    }
    window.global = window.global || {};
    window.loadDataSet = () => {
      window.loadDataSet = undefined;
      window.OfflineLocalView.load(place.querySelector(".vtk"), { base64Str: document.getElementById("scene-data").textContent.trim() });
      begin();
    };
    const code = document.createElement("script");
    code.type = "module";
    code.textContent = document.getElementById("vtk-code").textContent;
    document.body.append(code);
  };

  document.querySelectorAll('.controls input[type="radio"]').forEach((input) => input.addEventListener("change", update));
  document.querySelectorAll("button[data-move]").forEach((button) => button.addEventListener("click", () => {
    if (!scene) return;
    moves[button.dataset.move]();
    scene.resetCameraClippingRange();
    window3d.render();
  }));
  // the wheel turns the page; with Ctrl it comes nearer
  place.addEventListener("wheel", (event) => { if (!event.ctrlKey) event.stopPropagation(); }, { capture: true, passive: true });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => requestAnimationFrame(update));
  addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((one) => { one.open = true; }));
  update();
  if (!("IntersectionObserver" in window)) return start();
  const watch = new IntersectionObserver((seen) => { if (seen.some((one) => one.isIntersecting)) { watch.disconnect(); start(); } }, { rootMargin: "300px" });
  watch.observe(place);
})();
