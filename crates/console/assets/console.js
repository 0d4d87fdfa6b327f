// What pages can do besides with JavaScript: dialogs for forms, keys, copying. Every page works
// without it.

const pages = { n: '/', r: '/rooms', u: '/users', o: '/orders', w: '/withdrawals', l: '/ledger',
  c: '/configs', a: '/audit', h: '/health' };
const narrow = matchMedia('(max-width: 820px)');

/** The menu is open beside the page, and closed above it. */
function fitMenu() {
  const menu = document.querySelector('.menu');
  if (menu) menu.open = !narrow.matches;
}
fitMenu();
narrow.addEventListener('change', fitMenu);

/** Shows the form of another page in a dialog. Without an answer the page itself is opened. */
async function openDialog(link) {
  const answer = await fetch(link.href, { headers: { accept: 'text/html' } });
  const parsed = new DOMParser().parseFromString(await answer.text(), 'text/html');
  const form = parsed.querySelector('[data-confirm]');
  if (!answer.ok || !form) {
    location.href = link.href;
    return;
  }
  const dialog = document.createElement('dialog');
  const title = form.querySelector('h1');
  title.id = 'dialog-title';
  dialog.setAttribute('aria-labelledby', 'dialog-title');
  dialog.append(document.importNode(form, true));
  document.body.append(dialog);
  dialog.addEventListener('close', () => {
    dialog.remove();
    link.focus();
  });
  const cancel = dialog.querySelector('[data-cancel]');
  cancel?.addEventListener('click', (event) => {
    event.preventDefault();
    dialog.close();
  });
  dialog.showModal();
  dialog.querySelector('[autofocus]')?.focus();
}

document.addEventListener('click', (event) => {
  const link = event.target.closest?.('a[data-dialog]');
  const isPlain = !event.ctrlKey && !event.metaKey && !event.shiftKey && event.button === 0;
  if (!link || !isPlain) return;
  event.preventDefault();
  openDialog(link).catch(() => {
    location.href = link.href;
  });
});

// A form that is sent is not sent again by a second click; the server would refuse it anyway.
document.addEventListener('submit', (event) => {
  const form = event.target;
  if (form.method !== 'post') return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = 'yes';
  // A file is downloaded: the page stays, and its form can be sent again after a while.
  setTimeout(() => delete form.dataset.sent, 5_000);
});
addEventListener('pageshow', () => {
  for (const form of document.querySelectorAll('form[data-sent]')) delete form.dataset.sent;
});

/** A picture that does not load becomes the placeholder that others have. */
function dropBroken(image) {
  const placeholder = document.createElement('span');
  placeholder.className = image.className;
  // Without a text the name beside it says whose it is.
  placeholder.textContent = image.alt;
  if (!image.alt) placeholder.setAttribute('aria-hidden', 'true');
  image.replaceWith(placeholder);
}
for (const image of document.querySelectorAll('img.face, img.picture')) {
  if (image.complete && image.naturalWidth === 0) dropBroken(image);
  else image.addEventListener('error', () => dropBroken(image));
}

const copyLabel = document.querySelector('meta[name="copy"]')?.content ?? '⧉';
for (const code of document.querySelectorAll('.code')) {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'copy';
  button.textContent = copyLabel;
  button.setAttribute('aria-label', `${copyLabel} ${code.textContent}`);
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(code.textContent);
    button.textContent = '✓';
    setTimeout(() => (button.textContent = copyLabel), 1200);
  });
  code.after(button);
}

/** Keys: `/`, `?`, `G` and a letter, `J`, `K`, Enter. Off while typing, and when switched off. */
const keysDialog = document.querySelector('#keys');
const keysOn = document.querySelector('#keys-on');
if (keysOn) {
  keysOn.checked = localStorage.getItem('keys') !== 'off';
  keysOn.addEventListener('change', () => {
    localStorage.setItem('keys', keysOn.checked ? 'on' : 'off');
  });
}
let leader = -Infinity;
let chosen = -1;

function choose(step) {
  const rows = [...document.querySelectorAll('main tbody tr')];
  if (rows.length === 0) return;
  rows[chosen]?.classList.remove('chosen');
  chosen = Math.min(rows.length - 1, Math.max(0, chosen + step));
  rows[chosen].classList.add('chosen');
  const link = rows[chosen].querySelector('a');
  (link ?? rows[chosen]).scrollIntoView({ block: 'nearest' });
  link?.focus();
}

/** In a review: chooses the row for a common decision, or presses the button of the key. */
function actOnRow(key) {
  const row = document.querySelector('main tbody tr.chosen');
  const target = key === 'x' ? '.choice input' : `[aria-keyshortcuts="${key}"]`;
  row?.querySelector(target)?.click();
}

document.addEventListener('keydown', (event) => {
  const isTyping = event.target.closest?.('input, textarea, select, dialog');
  const isModified = event.ctrlKey || event.metaKey || event.altKey;
  if (isTyping || isModified || !keysOn?.checked) return;
  const key = event.key.toLowerCase();
  const isLed = event.timeStamp - leader < 1500;
  leader = -Infinity;
  if (isLed && pages[key]) {
    location.href = pages[key];
  } else if (key === 'g') {
    leader = event.timeStamp;
  } else if (key === '/') {
    event.preventDefault();
    document.querySelector('#find')?.focus();
  } else if (key === '?') {
    keysDialog.showModal();
  } else if (key === 'j' || key === 'k') {
    choose(key === 'j' ? 1 : -1);
  } else if (key === 'x' || key === 'a' || key === 'r') {
    actOnRow(key);
  }
});
