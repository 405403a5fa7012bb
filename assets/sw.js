// Tells somebody that it is their turn, or what becomes of their charging spot, while the page is closed, and does nothing else: no
// request goes through it. What the page shows by itself while it is open is in line.js.

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

const pages = () => self.clients.matchAll({ type: "window", includeUncontrolled: true });
const plain = (path) => path.toUpperCase().replace(/\/$/, "");
const isAt = (page, path) => plain(new URL(page.url).pathname) === plain(path);

/** What a message says; one that can't be read is shown all the same, as browsers demand. */
function read(event) {
  try {
    const told = event.data.json();
    return { ...told, path: /^\/[qc]\/\w+$/.test(told.path) ? told.path : "/" };
  } catch {
    return { phase: "", title: "Cubby", body: "", tag: "cubby", path: "/" };
  }
}

async function show({ phase, title, body, tag, path }) {
  const open = await pages();
  if (open.some((page) => page.visibilityState === "visible" && isAt(page, path))) return;
  const there = await self.registration.getNotifications({ tag });
  const renotify = !there.some((shown) => shown.data?.phase === phase); // or the page was first
  const options = { body, tag, renotify, data: { phase, path }, icon: "/logo.svg" };
  await self.registration.showNotification(title, options);
}

async function open(path) {
  const there = (await pages()).find((page) => isAt(page, path));
  await (there ? there.focus() : self.clients.openWindow(path));
}

self.addEventListener("push", (event) => event.waitUntil(show(read(event))));

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.data?.path ?? "/"));
});

/** The push service gave this browser another address. */
async function renew(event) {
  const { oldSubscription: old } = event;
  const options = old?.options;
  const fresh =
    event.newSubscription ?? (options && (await self.registration.pushManager.subscribe(options)));
  const send = (method, body) =>
    fetch("/auth/push", {
      method,
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
  if (old) await send("DELETE", { endpoint: old.endpoint });
  if (fresh) await send("POST", fresh.toJSON());
}

self.addEventListener("pushsubscriptionchange", (event) => event.waitUntil(renew(event)));
