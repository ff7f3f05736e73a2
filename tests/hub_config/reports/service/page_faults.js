// What is wrong with a page for who reads it with other means than eyes and mouse; each gives a list.
({
faults() {
  const found = [];
  const seen = (element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  const words = (element) => (element.getAttribute('aria-label') || element.textContent || '').trim();
  const say = (what, element) => found.push(what + ': ' + element.outerHTML.slice(0, 120));
  if (!document.documentElement.lang || !document.title.trim()) found.push('no language or title');
  for (const one of ['main', 'header']) if (document.querySelectorAll(one).length !== 1) found.push('not one ' + one);
  let level = 0;
  const headings = [...document.querySelectorAll('h1, h2, h3, h4, h5, h6')].filter(seen);
  if (headings.filter((one) => one.tagName === 'H1').length !== 1) found.push('not one h1');
  for (const heading of headings) {
    const own = Number(heading.tagName[1]);
    if (own > level + 1) say('a level is left out before', heading);
    if (!words(heading)) say('empty', heading);
    level = own;
  }
  for (const field of document.querySelectorAll('input:not([type=hidden]), select, textarea')) {
    const named = [...field.labels].some(words) || field.getAttribute('aria-label') || field.getAttribute('aria-labelledby');
    if (!named) say('no label', field);
    for (const id of (field.getAttribute('aria-describedby') || '').split(' ').filter(Boolean)) {
      if (!document.getElementById(id)) say('described by nothing', field);
    }
  }
  for (const one of document.querySelectorAll('a[href], button, summary, iframe, [role=region], nav, progress')) {
    const name = words(one) || one.title || one.getAttribute('aria-labelledby');
    if (!name) say('no name', one);
  }
  for (const table of document.querySelectorAll('table')) {
    if (![...table.querySelectorAll('thead th')].length) say('no heads', table);
    for (const head of table.querySelectorAll('th')) if (!head.scope) say('no scope', head);
    const by = table.getAttribute('aria-labelledby');
    if (!(table.caption && words(table.caption)) && !table.getAttribute('aria-label') && !(by && document.getElementById(by))) say('no caption', table);
  }
  const ids = [...document.querySelectorAll('[id]')].map((one) => one.id);
  for (const id of new Set(ids)) if (ids.filter((one) => one === id).length > 1) found.push('id twice: ' + id);
  if (document.querySelector('[tabindex]:not([tabindex="0"]):not([tabindex="-1"])')) found.push('an order of its own');
  for (const frame of document.querySelectorAll('.table-frame, pre')) {
    if (seen(frame) && frame.scrollWidth > frame.clientWidth + 1 && frame.tabIndex !== 0) say('cannot be scrolled by keys', frame);
  }
  for (const one of document.querySelectorAll('a, button, input:not([type=hidden]), select, summary')) {
    const box = one.getBoundingClientRect();
    const inText = one.tagName === 'A' && getComputedStyle(one).display === 'inline';
    if (seen(one) && !inText && !one.matches('.skip, [aria-hidden=true][tabindex="-1"]') && (box.width < 24 || box.height < 24)) {
      const label = one.labels?.[0]?.getBoundingClientRect();
      if (!label || label.height < 24) say(`small target ${box.width.toFixed()}x${box.height.toFixed()}`, one);
    }
  }
  return found;
},
pale() {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const known = new Map();
  const rgba = (colour) => {
    if (!known.has(colour)) {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = colour;
      canvas.fillRect(0, 0, 1, 1);
      const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
      known.set(colour, [r, g, b, a / 255]);
    }
    return known.get(colour);
  };
  const over = (top, below) => [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);
  const ground = (element) => {
    if (!element) return rgba(matchMedia('(prefers-color-scheme: dark)').matches ? '#121212' : '#fff');
    const own = rgba(getComputedStyle(element).backgroundColor);
    return own[3] === 1 ? own : over(own, ground(element.parentElement));
  };
  const light = (colour) => {
    const [r, g, b] = colour.map((part) => part / 255).map((p) => (p <= 0.04045 ? p / 12.92 : ((p + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const found = new Map();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !element.checkVisibility({ visibilityProperty: true })) continue;
    if (element.closest('script, style, noscript, option, [disabled]')) continue;
    const style = getComputedStyle(element);
    let alpha = 1;
    for (let one = element; one; one = one.parentElement) alpha *= Number(getComputedStyle(one).opacity);
    const below = ground(element);
    const ink = rgba(style.color);
    const [a, b] = [light(over([...ink.slice(0, 3), ink[3] * alpha], below)), light(below)].sort((x, y) => y - x);
    const size = parseFloat(style.fontSize);
    const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < (isLarge ? 3 : 4.5)) found.set(element.outerHTML.slice(0, 100), ratio.toFixed(2));
  }
  return [...found].map(([what, ratio]) => ratio + ': ' + what);
},
unfocused() {
  const found = [];
  for (const one of document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex="0"]')) {
    if (!one.checkVisibility()) continue;
    one.focus();
    const style = getComputedStyle(one);
    const width = parseFloat(style.outlineWidth);
    if (document.activeElement === one && (style.outlineStyle === 'none' || width < 2)) found.push(one.outerHTML.slice(0, 100));
  }
  return found;
},
wide() {
  return document.documentElement.scrollWidth > innerWidth ? ['wider than the window'] : [];
},
moving() {
  return document.getAnimations().map((one) => one.animationName || one.transitionProperty);
},
})
