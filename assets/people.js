// What the pages of people do in the browser: looking for somebody while one types, and sending a
// file. Text comes in as props.
import { createElement as h, useEffect, useRef, useState } from "react";

const PAUSE_MS = 200; // after the last letter

/** A field that looks for what stands in it as soon as one stops typing; `/` leads there. */
export function LookUp({ value, label, hint, onSearch }) {
  const field = useRef(null);
  const timer = useRef(0);
  const ask = useRef(onSearch);
  ask.current = onSearch;
  useEffect(() => {
    const focus = (event) => {
      if (event.key !== "/" || event.target.closest?.("input, textarea, select, dialog")) return;
      event.preventDefault();
      field.current?.focus();
    };
    document.addEventListener("keydown", focus);
    return () => document.removeEventListener("keydown", focus);
  }, []);
  useEffect(() => () => clearTimeout(timer.current), []);
  const look = () => {
    clearTimeout(timer.current);
    // It stands in the address, so that coming back finds the same; nothing is loaded by that.
    const address = new URL(window.location);
    const text = field.current.value.trim();
    address.searchParams.delete("after");
    if (text) address.searchParams.set("text", text);
    else address.searchParams.delete("text");
    window.history.replaceState(window.history.state, "", address);
    ask.current?.(text);
  };
  const submit = (event) => {
    event.preventDefault();
    look();
  };
  return h(
    "form",
    { role: "search", onSubmit: submit },
    h(
      "div",
      { className: "field" },
      h("label", { htmlFor: "people-search" }, label),
      h("input", {
        ref: field,
        id: "people-search",
        type: "search",
        defaultValue: value,
        placeholder: hint,
        autoComplete: "off",
        maxLength: 200,
        onChange: () => {
          clearTimeout(timer.current);
          timer.current = setTimeout(look, PAUSE_MS);
        },
      }),
    ),
  );
}

const newKey = () => Date.now().toString(36) + Math.random().toString(36).slice(2);

/** Sends a file and tells how far it is; the answer is what was refused, or the file's id. */
function send(to, file, key, onProgress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", to);
    request.setRequestHeader("Idempotency-Key", key);
    request.upload.onprogress = ({ loaded, total }) => onProgress(Math.round((100 * loaded) / total));
    request.onerror = () => reject(new Error());
    request.onload = () => {
      let said = {};
      try {
        said = JSON.parse(request.responseText);
      } catch {
        // a proxy's page: there are no words of ours in it
      }
      if (request.status === 200) resolve(said.id);
      else reject(new Error(said.detail ?? ""));
    };
    const form = new FormData();
    form.append("file", file);
    request.send(form);
  });
}

/** A form that sends a file, says how far that is and what was wrong, and goes on to `then`. */
export function SendFile({ to, then, label, hint, sendText, sendingText, noneText, failedText, largeText, most }) {
  const [chosen, setChosen] = useState("");
  const [share, setShare] = useState(-1);
  const [refused, setRefused] = useState("");
  const field = useRef(null);
  const submit = async (event) => {
    event.preventDefault();
    const [file] = field.current.files;
    if (!file || file.size > most) {
      setRefused(file ? largeText : noneText);
      field.current.focus();
      return;
    }
    setRefused("");
    setShare(0);
    try {
      window.location.assign(then + (await send(to, file, newKey(), setShare)));
    } catch (error) {
      setShare(-1);
      setRefused(error.message || failedText);
      field.current?.focus();
    }
  };
  const sending = share >= 0;
  return h(
    "form",
    { onSubmit: submit, className: "card", noValidate: true },
    h(
      "div",
      { className: "field" },
      h("label", { htmlFor: "people-file" }, label),
      h("span", { className: "hint", id: "people-file-hint" }, hint),
      h("input", {
        ref: field,
        id: "people-file",
        type: "file",
        accept: ".csv,.txt,.tsv,text/csv,text/plain",
        "aria-describedby": "people-file-wrong people-file-hint",
        "aria-invalid": refused ? "true" : "false",
        onChange: () => {
          setRefused("");
          setChosen(field.current.files[0]?.name ?? "");
        },
      }),
      h("p", { className: "error", id: "people-file-wrong", role: "alert" }, refused),
    ),
    sending
      ? h(
          "div",
          { className: "stack" },
          h("progress", { value: share, max: 100, "aria-label": sendingText }),
          h("p", { role: "status" }, sendingText),
        )
      : null,
    h("button", { type: "submit", className: "primary", disabled: sending }, sendText, chosen ? ` ${chosen}` : ""),
  );
}
