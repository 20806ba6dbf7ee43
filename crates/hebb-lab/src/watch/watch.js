"use strict";
const page = document.getElementById("page");
const state = document.getElementById("state");
let wanted = page.dataset.version;
let busy = false;

function title() {
  const heading = page.querySelector("h1");
  if (heading) document.title = heading.textContent;
}

// Takes the newest page, once at a time, and keeps open what was opened.
async function renew() {
  if (busy) return;
  busy = true;
  try {
    while (page.dataset.version !== wanted) {
      const version = wanted;
      const answer = await fetch("page");
      if (!answer.ok) break;
      const text = await answer.text();
      const open = Array.from(page.querySelectorAll("details"), (one) => one.open);
      page.innerHTML = text;
      page.querySelectorAll("details").forEach((one, at) => { one.open = open[at] === true; });
      page.dataset.version = version;
      title();
    }
  } catch (gone) {
    state.textContent = "not connected";
  } finally {
    busy = false;
  }
}

const source = new EventSource("events");
source.onopen = () => { state.textContent = "live"; };
source.onerror = () => { state.textContent = "not connected: as it stood last"; };
source.addEventListener("page", (event) => {
  wanted = event.data;
  renew();
});
title();
