// Drafts of reviews that survive a lost network, a reload and an ended session.
//
// Every keystroke is kept in localStorage under user, review and the revision it goes on from, and saved to
// the server a moment later. What is kept here belongs to one person: it goes away when the review is
// handed in, when the person signs out, and when somebody else signs in on this browser.

const PREFIX = "lq-draft:";
const OWNER = "lq-draft-owner";
const PAUSE = 1200; // ms after the last keystroke
const SENT_AT_MOST = 5;
const RETRY = 10000; // ms until a save that failed is tried again

function stored() {
  try {
    return Object.keys(localStorage).filter((key) => key.startsWith(PREFIX));
  } catch {
    return []; // storage may be forbidden
  }
}

function read(key) {
  try {
    return JSON.parse(localStorage.getItem(key));
  } catch {
    return null;
  }
}

function drop(test) {
  for (const key of stored()) if (test(key)) localStorage.removeItem(key);
}

function same(a, b) {
  const names = new Set([...Object.keys(a ?? {}), ...Object.keys(b ?? {})]);
  const plain = (text) => (text ?? "").replaceAll("\r\n", "\n").trim();
  return [...names].every((name) => plain(a?.[name]) === plain(b?.[name]));
}

function owner(user) {
  try {
    if (!user) return;
    localStorage.setItem(OWNER, user);
    drop((key) => !key.startsWith(`${PREFIX}${user}:`));
  } catch {
    // nothing can be kept, so nothing can be left behind
  }
}

// Signing out takes every local copy along; what the server does not have yet is asked about first.
function watchSignOut(leaving) {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!new URL(form.action, location.href).pathname.endsWith("/logout/")) return;
    const unsaved = stored().some((key) => read(key)?.unsaved);
    if (unsaved && leaving && !form.dataset.confirmed) {
      form.dataset.confirm = leaving;
      return;
    }
    drop(() => true);
    try {
      localStorage.removeItem(OWNER);
    } catch {
      // as above
    }
  }, true);
}

function cookie(name) {
  return document.cookie.split("; ").find((part) => part.startsWith(`${name}=`))?.slice(name.length + 1);
}

class Draft {
  constructor(form, user) {
    this.form = form;
    this.user = user;
    this.texts = form.dataset;
    this.review = form.dataset.draft;
    this.revision = Number(form.dataset.revision);
    this.status = form.querySelector("[data-draft-status]");
    this.both = form.querySelector("[data-draft-both]");
    this.kept = true; // whether this browser lets us keep copies
    this.foreign = false; // somebody signed out or in elsewhere: keep nothing any more
    this.conflict = null; // the server's version while the person has not chosen
    this.saving = null;
    this.server = this.values(); // what the server holds, as far as this page knows
    this.sent = []; // what was sent since the last answer: the server may hold any of it
    this.timer = 0;
  }

  key(revision = this.revision) {
    return `${PREFIX}${this.user}:${this.review}:${revision}`;
  }

  fields() {
    return [...this.form.elements].filter(
      (field) => field.name && !["csrfmiddlewaretoken", "revision"].includes(field.name) && field.type !== "submit",
    );
  }

  values() {
    const found = {};
    for (const field of this.fields()) {
      if (field.type === "radio") found[field.name] ??= "";
      if (field.type !== "radio") found[field.name] = field.value;
      else if (field.checked) found[field.name] = field.value;
    }
    return found;
  }

  fill(values) {
    for (const field of this.fields()) {
      const value = values[field.name] ?? "";
      if (field.type === "radio") field.checked = field.value === value;
      else field.value = value;
    }
    for (const row of this.form.querySelectorAll("[data-points]")) row.dispatchEvent(new Event("lq:filled"));
  }

  get dirty() {
    return !same(this.values(), this.server);
  }

  keep() {
    if (this.foreign) return;
    const entry = { values: this.values(), sent: this.sent, unsaved: this.dirty, at: Date.now() };
    try {
      // The next page of this tab may already belong to somebody else while this one still hears an answer.
      if (localStorage.getItem(OWNER) !== String(this.user)) {
        this.foreign = true;
        return;
      }
      localStorage.setItem(this.key(), JSON.stringify(entry));
      this.kept = true;
    } catch {
      this.kept = false;
    }
  }

  forget(but = "") {
    drop((key) => key.startsWith(`${PREFIX}${this.user}:${this.review}:`) && key !== but);
  }

  say(text, tone, link = "") {
    this.status.textContent = text;
    this.status.dataset.tone = tone;
    if (link) {
      const anchor = document.createElement("a");
      anchor.href = link;
      anchor.textContent = this.texts.loginLabel;
      this.status.append(" ", anchor);
    }
  }

  sayLocal(text = this.texts.local) {
    this.say(this.kept ? text : this.texts.unkept, this.kept ? "local" : "lost");
  }

  saySaved() {
    const at = new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false });
    this.say(`${this.texts.saved} · ${at}`, "saved");
  }

  // What lies here from before: go on with it, drop it, or show both.
  restore() {
    const copies = stored()
      .filter((key) => key.startsWith(`${PREFIX}${this.user}:${this.review}:`))
      .map((key) => ({ revision: Number(key.split(":").pop()), ...read(key) }))
      .filter((copy) => copy.values)
      .sort((a, b) => b.at - a.at);
    const newest = copies[0];
    if ("typed" in this.texts) {
      // The server sent back what was typed, with its faults: that is the newest there is.
      this.server = null;
      this.keep();
      if (!this.both.hidden) this.fetchOther();
      return;
    }
    if (!newest || same(newest.values, this.server)) {
      this.forget();
      return;
    }
    if (newest.revision === this.revision || this.isOurs(this.server, newest.sent)) {
      // Written after what the server holds, or after a save whose answer never arrived.
      this.fill(newest.values);
      this.keep();
      this.forget(this.key());
      this.sayLocal();
      this.later(0);
      return;
    }
    const server = this.server;
    this.fill(newest.values);
    this.keep();
    this.ask({ revision: this.revision, values: server });
  }

  isOurs(values, sent) {
    return (sent ?? []).some((one) => same(one, values));
  }

  later(pause = PAUSE) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), pause);
  }

  typed() {
    this.keep();
    if (this.foreign) return this.say(this.texts.moved, "lost");
    if (this.conflict) return this.say(this.texts.both, "lost");
    this.sayLocal();
    this.later();
  }

  save() {
    clearTimeout(this.timer);
    if (this.foreign || this.conflict) return Promise.resolve(false);
    if (!this.saving) {
      this.saving = this.send().finally(() => {
        this.saving = null;
      });
    }
    return this.saving;
  }

  async send() {
    const values = this.values();
    if (same(values, this.server)) return true;
    this.sent = [...this.sent, values].slice(-SENT_AT_MOST);
    this.keep();
    this.say(this.texts.saving, "local");
    let response;
    try {
      response = await fetch(this.texts.draftUrl, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-CSRFToken": cookie("csrftoken") ?? this.token() },
        body: JSON.stringify({ revision: this.revision, values }),
        redirect: "manual",
      });
    } catch {
      this.sayLocal(this.texts.offlineNote);
      this.later(RETRY);
      return false;
    }
    const answer = await response.json().catch(() => ({}));
    if (response.ok) return this.accept(answer, values);
    return this.refuse(response.status, answer);
  }

  token() {
    return this.form.elements.csrfmiddlewaretoken.value;
  }

  accept(answer, values) {
    this.take(answer.revision, values);
    if (this.dirty) {
      this.keep();
      this.later();
    } else {
      this.forget();
      this.saySaved();
    }
    return !this.dirty;
  }

  take(revision, values) {
    this.forget();
    this.sent = [];
    this.revision = revision;
    this.server = values;
    this.form.elements.revision.value = revision;
  }

  refuse(status, answer) {
    if (status === 409 && answer.values) {
      if (this.isOurs(answer.values, [...this.sent, this.values()])) {
        return this.accept(answer, answer.values);
      }
      this.ask(answer);
    } else if (status === 401 || status === 403 || status === 0) {
      this.say(this.kept ? this.texts.expired : this.texts.unkept, "lost", this.loginUrl());
    } else if (answer.why) {
      // A value is wrong, or the review is no longer open: it stays here until it is mended.
      this.say(`${this.texts.local} · ${answer.why}${answer.mend ?? ""}`, "lost");
    } else {
      this.sayLocal(this.texts.offlineNote);
      this.later(RETRY);
    }
    return false;
  }

  loginUrl() {
    return `${document.body.dataset.login}?next=${encodeURIComponent(location.pathname)}`;
  }

  // The server showed two versions: get its own as data, so that one can be chosen.
  async fetchOther() {
    const response = await fetch(this.texts.draftUrl, { redirect: "manual" }).catch(() => null);
    if (response?.ok) this.ask(await response.json());
  }

  // Two versions: both are shown, and nothing is saved until the person has chosen.
  ask(answer) {
    this.conflict = answer;
    const rows = this.form.querySelector("[data-draft-differing]");
    const mine = this.values();
    rows.replaceChildren(
      ...Object.keys(answer.values)
        .filter((name) => !same({ t: mine[name] }, { t: answer.values[name] }))
        .map((name) => this.row(name, mine[name], answer.values[name])),
    );
    this.both.hidden = false;
    this.form.querySelector("[data-draft-choice]").hidden = false;
    this.say(this.texts.both, "lost");
    this.both.scrollIntoView({ block: "nearest" });
  }

  row(name, mine, theirs) {
    const row = document.createElement("tr");
    const head = document.createElement("th");
    head.scope = "row";
    head.textContent = this.label(name);
    row.append(head);
    for (const value of [mine, theirs]) {
      const cell = document.createElement("td");
      cell.textContent = this.shown(name, value) || "—";
      row.append(cell);
    }
    return row;
  }

  field(name) {
    return this.fields().find((field) => field.name === name);
  }

  label(name) {
    const field = this.field(name);
    if (field?.type === "radio") {
      const group = field.closest("fieldset, [role=group]");
      return group?.querySelector(".lq-point-name, legend")?.textContent.trim() ?? name;
    }
    const label = field?.labels?.[0];
    return (label?.querySelector(".lq-point-name") ?? label)?.textContent.trim() ?? name;
  }

  shown(name, value) {
    const choice = this.fields().find((field) => field.name === name && field.type === "radio" && field.value === value);
    return choice ? choice.closest("label").textContent.trim() : value;
  }

  choose(which) {
    const { revision, values } = this.conflict;
    const mine = this.values();
    this.conflict = null;
    this.both.hidden = true;
    this.take(revision, values);
    this.fill(which === "server" ? values : mine);
    if (which === "server") return this.saySaved();
    this.keep();
    return this.save();
  }

  async submit(event) {
    if (this.foreign || this.form.dataset.flushed || (!this.saving && !this.dirty)) return;
    event.preventDefault();
    const submitter = event.submitter;
    while (this.saving) await this.saving;
    const done = !this.dirty || (await this.save()) || (await this.save());
    if (!done && this.status.dataset.tone === "local") return; // offline: it says so and tries again
    if (!done && (this.conflict || this.status.querySelector("a"))) return;
    this.form.dataset.flushed = this.form.dataset.confirmed = "1";
    this.form.requestSubmit(submitter);
    delete this.form.dataset.flushed;
    delete this.form.dataset.confirmed;
  }

  start() {
    this.restore();
    this.form.addEventListener("input", () => this.typed());
    this.form.addEventListener("submit", (event) => this.submit(event));
    this.form.addEventListener("click", (event) => {
      const choice = event.target.closest("[data-keep]");
      if (choice && this.conflict) this.choose(choice.dataset.keep);
    });
    window.addEventListener("online", () => this.dirty && this.save());
    window.addEventListener("storage", (event) => {
      if (event.key === OWNER && event.newValue !== this.user) {
        this.foreign = true;
        this.say(this.texts.moved, "lost");
      }
    });
    document.addEventListener("visibilitychange", () => this.dirty && this.save());
  }

}

// Points by finger: a slider and half-point steps beside the field, which stays what counts.
function startPoints(row) {
  const field = row.querySelector("input[type=number]");
  const slider = row.querySelector("[data-slide]");
  const set = (value) => {
    field.value = String(Math.min(Number(field.max), Math.max(0, value)));
    field.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const follow = () => {
    slider.value = field.value === "" ? "0" : field.value;
    slider.classList.toggle("is-unset", field.value === "");
  };
  for (const hidden of row.querySelectorAll("[hidden]")) hidden.hidden = false;
  row.addEventListener("click", (event) => {
    const step = event.target.closest("[data-step]");
    if (step) set(Number(field.value || 0) + Number(step.dataset.step));
  });
  slider.addEventListener("input", (event) => {
    event.stopPropagation();
    set(Number(slider.value));
  });
  field.addEventListener("input", follow);
  row.addEventListener("lq:filled", follow);
  follow();
}

export function startDrafts() {
  const user = document.body.dataset.user;
  owner(user);
  watchSignOut(document.body.dataset.leaving);
  for (const done of document.querySelectorAll("[data-draft-done]")) {
    drop((key) => key.startsWith(`${PREFIX}${user}:${done.dataset.draftDone}:`));
  }
  const form = document.querySelector("form[data-draft]");
  if (form && user) new Draft(form, user).start();
  for (const row of document.querySelectorAll("[data-points]")) startPoints(row);
}
