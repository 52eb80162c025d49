"""What a page must have for those who do not see it or see it badly, judged in the browser itself.

A small set of rules in the manner of axe: one first heading and no level left out, a name for whatever can be
operated and for every picture, no name twice, headings for tables, a language, and WCAG AA contrast of text.
"""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

RULES = r"""() => {
  const faults = [];
  const shown = (e) => e.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && !e.closest('[inert]');
  const all = (q) => [...document.querySelectorAll(q)].filter(shown);
  const said = (e) => (e.outerHTML || '').slice(0, 120);
  const byId = (ids) => (ids || '').split(/\s+/).map((id) => document.getElementById(id)?.textContent || '').join(' ').trim();
  const name = (e) => e.getAttribute('aria-label') || byId(e.getAttribute('aria-labelledby')) ||
    [...(e.labels || [])].map((l) => l.textContent).join(' ').trim() || e.getAttribute('title') || e.getAttribute('alt') ||
    (e.matches('input[type=submit], input[type=button]') ? e.value : '') ||
    (e.matches('input, select, textarea') ? '' : e.textContent.trim() || e.querySelector('title')?.textContent || e.querySelector('[alt]')?.alt);
  if (!document.documentElement.lang) faults.push('no language');
  const heads = all('h1, h2, h3, h4, h5, h6').map((h) => Number(h.tagName[1]));
  if (heads.filter((l) => l === 1).length !== 1) faults.push('first headings: ' + heads.filter((l) => l === 1).length);
  heads.forEach((l, i) => { if (i && l > heads[i - 1] + 1) faults.push('a heading level is left out before h' + l); });
  for (const e of all('a[href], button, input:not([type=hidden]), select, textarea, summary, [role=button], [role=img], svg a, progress, img'))
    if (!e.closest('[aria-hidden=true]') && !name(e)) faults.push('no name: ' + said(e));
  const ids = {};
  for (const e of document.querySelectorAll('[id]')) ids[e.id] = (ids[e.id] || 0) + 1;
  for (const id in ids) if (ids[id] > 1) faults.push('id twice: ' + id);
  for (const t of all('table')) if (!t.querySelector('th')) faults.push('a table without headings: ' + said(t));
  const parse = (c) => { const m = c.match(/[\d.]+/g).map(Number); return { rgb: m.slice(0, 3), a: m.length > 3 ? m[3] : 1 }; };
  const light = (rgb) => { const [r, g, b] = rgb.map((v) => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const over = (top, under) => top.rgb.map((v, i) => v * top.a + under[i] * (1 - top.a));
  const ground = (e) => { const layers = [];
    for (let at = e; at; at = at.parentElement) { const c = getComputedStyle(at).backgroundColor;
      if (!/^rgba?\(/.test(c)) return null;
      const one = parse(c); if (one.a > 0) layers.push(one); if (one.a === 1) break; }
    return layers.reverse().reduce((under, one) => over(one, under), [255, 255, 255]); };
  const walker = document.createTreeWalker(document.querySelector('main') || document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const e = node.parentElement;
    if (!node.textContent.trim() || !shown(e) || e.closest('.visually-hidden, [disabled], option, progress')) continue;
    const style = getComputedStyle(e);
    const colour = e.closest('svg') ? style.fill : style.color;
    const under = ground(e.closest('svg') || e);
    if (!under || !/^rgba?\(/.test(colour)) continue;
    const a = light(over(parse(colour), under)), b = light(under);
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (large ? 3 : 4.5) - 0.01) faults.push('contrast ' + ratio.toFixed(2) + ': ' + node.textContent.trim().slice(0, 40));
  }
  return [...new Set(faults)];
}"""


def faults_of(page: Page) -> list[str]:
    """What is wrong with the page as it stands; empty where nothing is."""
    found: Any = page.evaluate(RULES)
    return [str(one) for one in found]


def is_wide(page: Page) -> bool:
    """Whether the page scrolls sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))
