// Bundles the site's own script, style and icons into web/static/dist. Nothing is fetched: every
// source is a file of this repository or of node_modules.
import { build } from "esbuild";
import { readFile, readdir, writeFile, mkdir, rm } from "node:fs/promises";
import { brotliCompressSync, gzipSync, constants } from "node:zlib";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, "../../../..");
const out = resolve(here, "../static/dist");
const source = resolve(here, "../..");
const icons = join(root, "node_modules/@tabler/icons/icons");

async function filesUnder(folder, endings) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((e) => e.isFile() && endings.some((ending) => e.name.endsWith(ending)))
    .map((e) => join(e.parentPath ?? e.path, e.name))
    .filter((path) => !path.startsWith(out));
}

// Icons are named in templates ({% icon "bulb" %}, icon_name="bulb") and in Python (icon="bulb", "icon": "bulb").
async function iconNames() {
  const names = new Map();
  for (const path of await filesUnder(source, [".html", ".py"])) {
    const text = await readFile(path, "utf8");
    for (const m of text.matchAll(/\bicon(?:_name)?["']?(?:\s+|\s*[=:]\s*)["']([a-z0-9-]+)["']/g)) {
      names.set(m[1], path);
    }
  }
  return names;
}

async function sprite(names) {
  const symbols = [];
  const missing = [];
  for (const [name, path] of [...names].sort()) {
    const [file, style] = name.endsWith("-filled")
      ? [join(icons, "filled", `${name.slice(0, -7)}.svg`), 'fill="currentColor"']
      : [join(icons, "outline", `${name}.svg`), 'fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round"'];
    let svg;
    try {
      svg = await readFile(file, "utf8");
    } catch {
      missing.push(`${name} (${path})`);
      continue;
    }
    const inner = svg
      .slice(svg.indexOf(">", svg.indexOf("<svg")) + 1, svg.lastIndexOf("</svg>"))
      .replace(/\s*\n\s*/g, "");
    symbols.push(`<symbol id="${name}" viewBox="0 0 24 24" ${style}>${inner}</symbol>`);
  }
  if (missing.length) throw new Error(`no such icon in @tabler/icons:\n  ${missing.join("\n  ")}`);
  return `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("\n")}</svg>\n`;
}

async function compress(path) {
  const bytes = await readFile(path);
  await writeFile(`${path}.gz`, gzipSync(bytes, { level: 9 }));
  await writeFile(`${path}.br`, brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }));
}

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
await build({
  entryPoints: {
    app: join(here, "app.js"),
    theme: join(here, "theme.js"),
    wall: join(here, "wall.js"),
  },
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2022",
  legalComments: "eof",
  outdir: out,
});
await build({
  entryPoints: { app: join(here, "css/app.css") },
  bundle: true,
  minify: true,
  legalComments: "eof",
  loader: { ".svg": "dataurl" },
  outdir: out,
});
const names = await iconNames();
await writeFile(join(out, "icons.svg"), await sprite(names));
const built = await filesUnder(dirname(out), []).then(() => readdir(out));
for (const name of built) await compress(join(out, name));
console.log(`built ${built.join(", ")} with ${names.size} icons into ${out.slice(root.length + 1)}`);
