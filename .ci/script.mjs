// script: what the SQL of the extension may say, by PostgreSQL's own parser (libpg-query); called by .ci/static.
//
//   node script.mjs LIBRARY FILE…     LIBRARY is the folder of libpg-query; prints FILE:LINE: what is wrong, and fails when anything is
//
// The search path of CREATE EXTENSION is the caller's: whatever members say outside of a function that pins its own is qualified, also
// operators. Ordinary pieces ("--| ordinary") are run by install(), which pins it; of them only the names of what they make are looked at.
import { createRequire } from 'node:module';
import fs from 'node:fs';

const [library, ...files] = process.argv.slice(2);
const { parse } = createRequire(import.meta.url)(library);
const safePath = /^pg_catalog, (caseload, )?pg_temp$/;
// the one is a constant; the other commits, so it can have no SET clause, and a test looks at its names
const unpinned = new Set(['_pieces', 'sweep']);
let wrong = 0;

function walk(node, visit, within = []) {
  if (Array.isArray(node)) node.forEach((each) => walk(each, visit, within));
  else if (node && typeof node === 'object') {
    for (const [key, value] of Object.entries(node)) {
      visit(key, value, within);
      walk(value, visit, [...within, key]);
    }
  }
}
const strings = (list) => (list ?? []).map((each) => each.String?.sval).filter((each) => each !== undefined);
const ours = (names) => names.length === 2 && names[0] === 'caseload';
const shown = (names) => names.join('.');

// The names that a statement makes, changes or drops.
function* targets(kind, s) {
  switch (kind) {
    case 'CreateFunctionStmt': yield strings(s.funcname); break;
    case 'DefineStmt': yield strings(s.defnames); break;
    case 'CreateEnumStmt': case 'CreateRangeStmt': yield strings(s.typeName); break;
    case 'CreateDomainStmt': yield strings(s.domainname); break;
    case 'CreateOpClassStmt': yield strings(s.opclassname); break;
    case 'CompositeTypeStmt': yield [s.typevar.schemaname, s.typevar.relname].filter(Boolean); break;
    case 'ViewStmt': yield [s.view.schemaname, s.view.relname].filter(Boolean); break;
    case 'CreateTrigStmt': yield strings(s.funcname); // and the relation, as all that carry one
    case 'CreateStmt': case 'IndexStmt': case 'AlterTableStmt': case 'RuleStmt': case 'CreatePolicyStmt':
      yield [s.relation.schemaname, s.relation.relname].filter(Boolean); break;
    case 'DropStmt':
      for (const object of s.objects) {
        const names = object.List ? strings(object.List.items) : object.ObjectWithArgs ? strings(object.ObjectWithArgs.objname)
          : object.TypeName ? strings(object.TypeName.names) : strings([object]);
        // a trigger or policy is named with its table
        yield names.length === 3 ? names.slice(0, 2) : names;
      }
      break;
    case 'AlterFunctionStmt': yield strings(s.func.objname); break;
    default:
  }
}

function functionFaults(s, faults) {
  const option = (name) => s.options.filter((each) => each.DefElem.defname === name).map((each) => each.DefElem.arg);
  const language = strings(option('language'))[0];
  const name = strings(s.funcname).at(-1);
  if (option('security')[0]?.Boolean?.boolval) faults.push('SECURITY DEFINER');
  if (option('leakproof')[0]?.Boolean?.boolval) faults.push('LEAKPROOF');
  const path = option('set').map((each) => each.VariableSetStmt).filter((each) => each.name === 'search_path')
    .map((each) => each.args.map((arg) => arg.A_Const.sval.sval).join(', '));
  if (path.some((each) => !safePath.test(each))) faults.push(`the search path of ${name} is ${path}`);
  if (language !== 'c' && language !== 'internal' && !s.sql_body && path.length === 0 && !unpinned.has(name)) faults.push(`${name} has no search path of its own`);
}

for (const file of files) {
  // psql's lines go, line by line, so that places stay
  const text = fs.readFileSync(file, 'utf8').replace(/^\\.*$/gm, '');
  const bytes = Buffer.from(text);
  const ordinary = text.startsWith('--| ordinary');
  let statements;
  try {
    statements = (await parse(text)).stmts;
  } catch (error) {
    console.log(`${file}: ${error.message}`);
    wrong++;
    continue;
  }
  for (const { stmt, stmt_location: start = 0 } of statements) {
    const faults = [];
    const [[kind, body]] = Object.entries(stmt);
    for (const names of targets(kind, body)) if (!ours(names)) faults.push(`${kind} of ${shown(names)}, which is not named caseload.x`);
    if (kind === 'CreateFunctionStmt') functionFaults(body, faults);
    if (!ordinary) {
      if (body.replace || body.if_not_exists) faults.push(`${kind} may take over what somebody else has made`);
      const local = new Set();
      walk(stmt, (key, value) => { if (key === 'CommonTableExpr') local.add(value.ctename); });
      walk(stmt, (key, value) => {
        if (key === 'RangeVar' && !value.schemaname && !local.has(value.relname)) faults.push(`relation ${value.relname} is not qualified`);
        if (key === 'FuncCall' && value.funcname.length === 1) faults.push(`function ${shown(strings(value.funcname))} is not qualified`);
        if (key === 'A_Expr' && value.name?.length === 1 && ['AEXPR_OP', 'AEXPR_OP_ANY', 'AEXPR_OP_ALL'].includes(value.kind)) {
          faults.push(`operator ${shown(strings(value.name))} is not qualified`);
        }
      });
    }
    // a statement begins after the blanks and comments before it
    const before = bytes.subarray(0, start).toString();
    const rest = text.slice(before.length).match(/^(\s|--[^\n]*\n|\/\*[\s\S]*?\*\/)*/)[0];
    const line = (before + rest).split('\n').length;
    for (const fault of new Set(faults)) {
      console.log(`${file}:${line}: ${fault}`);
      wrong++;
    }
  }
}
process.exit(wrong > 0 ? 1 : 0);
