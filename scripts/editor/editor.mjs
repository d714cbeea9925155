// The SQL editor of the Query page: CodeMirror with what a statement needs, and no more.
import {acceptCompletion, autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap} from "@codemirror/autocomplete";
import {defaultKeymap, history, historyKeymap} from "@codemirror/commands";
import {PostgreSQL, SQLDialect, schemaCompletionSource, keywordCompletionSource} from "@codemirror/lang-sql";
import {HighlightStyle, LanguageSupport, bracketMatching, syntaxHighlighting} from "@codemirror/language";
import {EditorState, Compartment, Prec, StateEffect, StateField} from "@codemirror/state";
import {Decoration, EditorView, drawSelection, highlightSpecialChars, hoverTooltip, keymap, lineNumbers} from "@codemirror/view";
import {tags} from "@lezer/highlight";

// The dialect that the gateway takes: PostgreSQL's words with DuckDB's own.
const dialect = SQLDialect.define({
  ...PostgreSQL.spec,
  keywords: PostgreSQL.spec.keywords + " pivot unpivot qualify summarize describe exclude replace asof positional semi anti try_cast top",
  identifierQuotes: "\"`",
});

const colours = HighlightStyle.define([
  {tag: tags.keyword, class: "sql-keyword"},
  {tag: [tags.string, tags.special(tags.string)], class: "sql-string"},
  {tag: [tags.number, tags.bool, tags.null], class: "sql-number"},
  {tag: tags.comment, class: "sql-comment"},
]);

const setMark = StateEffect.define();

// wrong is the place of the last error, until the text changes there.
const wrong = StateField.define({
  create: () => ({marks: Decoration.none, message: ""}),
  update(value, transaction) {
    for (const e of transaction.effects) {
      if (!e.is(setMark)) continue;
      if (!e.value) return {marks: Decoration.none, message: ""};
      const mark = Decoration.mark({class: "sql-wrong", attributes: {"aria-invalid": "true"}});
      return {marks: Decoration.set([mark.range(e.value.from, e.value.to)]), message: e.value.message};
    }
    if (transaction.docChanged) return {marks: Decoration.none, message: ""};
    return value;
  },
  provide: field => EditorView.decorations.from(field, value => value.marks),
});

const why = hoverTooltip((view, pos) => {
  const {marks, message} = view.state.field(wrong);
  let found = null;
  marks.between(pos, pos, (from, to) => { found = {from, to}; });
  if (!found || !message) return null;
  return {pos: found.from, end: found.to, above: true, create: () => {
    const dom = document.createElement("div");
    dom.className = "sql-why";
    dom.textContent = message;
    return {dom};
  }};
});

// create puts an editor in the place of a textarea and returns what the page does with it.
// options: run and explain are called for Ctrl-Enter and Ctrl-Shift-Enter, nonce is that of
// the page's policy, label names the editor for assistive programs.
export function create(textarea, options) {
  const names = new Compartment();
  const call = f => () => { f(); return true; };
  const view = new EditorView({
    state: EditorState.create({
      doc: textarea.value,
      extensions: [
        EditorView.cspNonce.of(options.nonce),
        Prec.highest(keymap.of([
          {key: "Mod-Shift-Enter", run: call(options.explain)},
          {key: "Mod-Enter", run: call(options.run)},
          {key: "Tab", run: acceptCompletion},
        ])),
        lineNumbers(), highlightSpecialChars(), history(), drawSelection(), bracketMatching(), closeBrackets(),
        autocompletion({icons: false}), wrong, why, EditorView.lineWrapping,
        new LanguageSupport(dialect.language), names.of([]), syntaxHighlighting(colours),
        keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...historyKeymap, ...completionKeymap]),
        EditorView.contentAttributes.of({"aria-label": options.label, "aria-multiline": "true", autocapitalize: "off", autocorrect: "off", spellcheck: "false"}),
        EditorView.updateListener.of(update => { if (update.docChanged) { textarea.value = update.state.doc.toString(); options.changed(); } }),
      ],
    }),
  });
  textarea.hidden = true;
  textarea.after(view.dom);
  return {
    focus: () => view.focus(),
    text: () => view.state.doc.toString(),
    replace(text) { view.dispatch({changes: {from: 0, to: view.state.doc.length, insert: text}, selection: {anchor: text.length}}); },
    // mark underlines what is wrong, in UTF-16 units, and shows the place.
    mark(from, to, message) {
      const end = view.state.doc.length;
      from = Math.min(from, end);
      to = Math.min(Math.max(to, from + 1), end);
      if (from === to) from = Math.max(0, to - 1);
      if (from === to) return;
      view.dispatch({selection: {anchor: from}, effects: [setMark.of({from, to, message}), EditorView.scrollIntoView(from)]});
    },
    clear() { view.dispatch({effects: setMark.of(null)}); },
    // complete offers the tables and columns of {table: [column, …], schema: {table: …}}.
    complete(schema) {
      const language = dialect.language;
      view.dispatch({effects: names.reconfigure([
        language.data.of({autocomplete: schemaCompletionSource({dialect, schema})}),
        language.data.of({autocomplete: keywordCompletionSource(dialect, true)}),
      ])});
    },
  };
}
