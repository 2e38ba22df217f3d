//! Writes a Go package for a Python file, on top of the Go module `callpy`.
//!
//! Go calls most functions directly. Values that C has no kind for (an instance of a class, an enum's
//! member, a set) are converted by a few lines of Python, the glue, which the package contains as text.

mod glue;
mod types;

use std::fmt::Write;

use callpy_dtypes::fnv_1a;
use callpy_signature::{Class, Function, Module, Parameter, ParameterKind, Usage};

use self::glue::Glue;
use self::types::{Go, lower_camel, upper_camel};
use crate::lower::{ClassShape, Lowered, Lowering, is_constructible, shape_of};
use crate::python::{declaration, one_line, signature};
use crate::report::{self, nothing, reason_to_leave_out};
use crate::{Diagnostic, FunctionReport, Usages};

/// The input for a Go package.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct GoInput {
    /// The package's name.
    pub package: String,
    /// The Python file, as messages and tracebacks show it; its last part is for go:embed.
    pub file: String,
    /// The file's path, to follow types that it imports from its neighbours; none to ignore them.
    pub path: Option<std::path::PathBuf>,
    /// The name with which Python imports the module; none to embed its source.
    pub import: Option<String>,
    /// The file is not UTF-8: the package contains the decoded text, since go:embed embeds bytes.
    pub is_decoded: bool,
    /// What functions do with their arguments, where the caller says so.
    pub usages: Usages,
}

impl GoInput {
    /// Makes the input for a package that embeds the file's source.
    pub fn new(package: impl Into<String>, file: impl Into<String>) -> GoInput {
        GoInput {
            package: package.into(),
            file: file.into(),
            path: None,
            import: None,
            is_decoded: false,
            usages: Usages::default(),
        }
    }
}

/// Generates the Go file for a Python file's source, formatted as by gofmt.
///
/// ```
/// use callpy_codegen::GoInput;
///
/// let python = "def area(width: float, height: float) -> float: ...";
/// let go = callpy_codegen::generate_go(python, &GoInput::new("shapes", "shapes.py")).unwrap();
/// assert!(go.contains("func Area(width float64, height float64) (result float64, err error)"));
/// ```
///
/// # Errors
///
/// The reasons, at least one: the source is not Python, or no function can be typed.
pub fn generate_go(source: &str, input: &GoInput) -> Result<String, Vec<Diagnostic>> {
    let module = report::read(source, &input.file).map_err(|diagnostic| vec![diagnostic])?;
    Writer::new(&module, input, source).write()
}

struct Writer<'m> {
    module: &'m Module,
    input: &'m GoInput,
    source: &'m str,
    lowering: Lowering<'m>,
    glue: Glue,
    go: Go,
    /// The module's name in Python.
    python: String,
    functions: String,
    reports: Vec<FunctionReport>,
}

/// A parameter, its type, and its name in Go.
struct Argument<'m> {
    python: &'m Parameter,
    lowered: Lowered,
    name: String,
}

/// A function, with its types.
struct Typed<'m> {
    python: &'m Function,
    parameters: Vec<Argument<'m>>,
    returns: Lowered,
}

impl<'m> Writer<'m> {
    fn new(module: &'m Module, input: &'m GoInput, source: &'m str) -> Self {
        let python = match &input.import {
            Some(name) => name.clone(),
            None => {
                let stem = stem(&input.file);
                let stem: String =
                    stem.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect();
                // The hash prevents clashes: two packages may have the same name and file name.
                format!("callpy_go_{}_{stem}_{:016x}", input.package, fnv_1a(source))
            }
        };
        let lowering = Lowering::new(module, input.path.as_deref());
        let (glue, go) = (Glue::new(), Go::new(module));
        let (functions, reports) = (String::new(), Vec::new());
        Writer { module, input, source, lowering, glue, go, python, functions, reports }
    }

    fn write(mut self) -> Result<String, Vec<Diagnostic>> {
        // All functions are lowered before any is written, since names depend on the types of all.
        let mut functions = Vec::new();
        for function in self.module.public_functions() {
            let line = function.name_span.start.line;
            let left_out = reason_to_leave_out(function);
            if left_out.is_none() {
                functions.push(self.lower(function));
            }
            let untyped = std::mem::take(&mut self.lowering.untyped);
            let name = function.name.clone();
            self.reports.push(FunctionReport { name, line, left_out, untyped });
        }
        let input = self.input;
        let problems = input.usages.problems(&input.file, self.module, &self.reports, &[]);
        if !problems.is_empty() {
            return Err(problems);
        }
        if functions.is_empty() {
            return Err(vec![nothing(&self.input.file, &self.reports)]);
        }
        // A type with the same name has precedence over a function.
        for number in 0..self.lowering.texts.len() {
            let name = self.lowering.texts[number].name.clone();
            self.go.text(number, &name);
        }
        for function in &functions {
            let target = self.target(function);
            self.write_function(function, &target);
        }
        let types = self.types();
        Ok(self.file(&types))
    }

    fn lower(&mut self, function: &'m Function) -> Typed<'m> {
        // The function's body and its results have names in the same scope.
        let mut used: Vec<String> = BODY_NAMES.map(str::to_owned).into();
        used.push(variable(function));
        let mut parameters = Vec::new();
        for parameter in &function.parameters {
            let lowered = self.lowering.parameter(function, parameter);
            let mut name = lower_camel(&parameter.name);
            while used.contains(&name) || is_result(&name) {
                name.push('_');
            }
            used.push(name.clone());
            parameters.push(Argument { python: parameter, lowered, name });
        }
        Typed { python: function, parameters, returns: self.lowering.result(function) }
    }

    /// Returns the function that Go calls: the file's own, or one in the glue, which is written here.
    fn target(&mut self, function: &Typed<'_>) -> Callee {
        let Typed { python: function, parameters: all, returns } = function;
        let is_star =
            |kind| matches!(kind, ParameterKind::VarPositional | ParameterKind::VarKeyword);
        // Go passes required arguments by position and options by name. The glue adapts parameters that
        // Python wants otherwise.
        let needs_glue = all.iter().any(|one| {
            let kind = one.python.kind;
            is_star(kind)
                || (kind == ParameterKind::KeywordOnly && one.python.default.is_none())
                || (kind == ParameterKind::PositionalOnly && one.python.default.is_some())
        });
        let mut inward = Vec::new();
        for one in all {
            inward.push(self.glue.inward(&mut self.lowering, &one.lowered));
        }
        let outward = self.glue.outward(&mut self.lowering, returns);
        if !needs_glue && inward.iter().all(Option::is_none) && outward.is_none() {
            return Callee::Own;
        }
        let parameters: Vec<glue::Parameter<'_>> = all
            .iter()
            .zip(inward)
            .map(|(one, convert)| glue::Parameter {
                name: &one.python.name,
                kind: one.python.kind,
                is_optional: one.python.default.is_some(),
                convert,
            })
            .collect();
        self.glue.function(&function.name, &parameters, outward);
        Callee::Glue
    }

    fn write_function(&mut self, function: &Typed<'_>, target: &Callee) {
        let Typed { python: function, parameters: all, returns } = function;
        let name = self.go.take_or(&upper_camel(&function.name), "Func");
        let variable = variable(function);
        let is_option = |one: &&Argument<'_>| one.python.default.is_some();
        let options: Vec<&Argument<'_>> = all.iter().filter(is_option).collect();
        // The glue expects them in this order.
        let required: Vec<&Argument<'_>> =
            all.iter().filter(|one| one.python.default.is_none()).collect();
        let mut types = Vec::new();
        for one in &required {
            let item = self.go.of(&mut self.lowering, &one.lowered);
            types.push(match one.python.kind {
                ParameterKind::VarPositional => format!("[]{item}"),
                ParameterKind::VarKeyword => format!("map[string]{item}"),
                _ => item,
            });
        }
        // A tuple becomes several results, as Go functions have them.
        let results = match returns {
            Lowered::Unit => Vec::new(),
            Lowered::Tuple(items) => {
                items.iter().map(|item| self.go.of(&mut self.lowering, item)).collect()
            }
            one => vec![self.go.of(&mut self.lowering, one)],
        };
        let mut takes = types.clone();
        if !options.is_empty() {
            takes.push("...any".into());
        }
        let outcome = match &results[..] {
            [] => "error".to_owned(),
            results => format!("({}, error)", results.join(", ")),
        };
        let source = match (target, &self.input.import) {
            (Callee::Glue, _) => "Source: &glue, ",
            (Callee::Own, None) => "Source: &module, ",
            (Callee::Own, Some(_)) => "",
        };
        let python = match target {
            Callee::Glue => self.glue_name(),
            Callee::Own => self.python.clone(),
        };
        let usage = match self.input.usages.of(&mut self.lowering, function) {
            Some(Usage::Retained) => ", Retains: true",
            Some(Usage::Borrowed) => ", Lends: true",
            None => "",
        };
        // Lazy, so that a program that only imports the package starts no Python.
        let code = &mut self.functions;
        let _ = write!(
            code,
            "\nvar {variable} = callpy.Lazy[func({}) {outcome}]{{{source}Target: {}{usage}}}\n",
            takes.join(", "),
            quoted(&format!("{python}:{}", function.name)),
        );

        let option_type = format!("{name}Option");
        let mut parameters: Vec<String> =
            required.iter().zip(&types).map(|(one, ty)| format!("{} {ty}", one.name)).collect();
        if !options.is_empty() {
            parameters.push(format!("options ...{option_type}"));
        }
        let named: Vec<String> = match &results[..] {
            [] => Vec::new(),
            [one] => vec![format!("result {one}")],
            more => more.iter().enumerate().map(|(at, ty)| format!("result{at} {ty}")).collect(),
        };
        let outcome = match &named[..] {
            [] => "error".to_owned(),
            named => format!("({}, err error)", named.join(", ")),
        };
        let line = function.name_span.start.line;
        let docs = format!(
            "{name} calls {}, line {line} of {}:\n\n\t{}",
            function.name,
            self.input.file,
            one_line(&signature(function))
        );
        code.push_str(&head(&docs, function.docstring.as_deref()));
        let _ = writeln!(code, "func {name}({}) {outcome} {{", parameters.join(", "));
        let _ = writeln!(code, "\tcall, err := {variable}.Get()\n\tif err != nil {{");
        let _ = writeln!(code, "\t\treturn{}\n\t}}", if named.is_empty() { " err" } else { "" });
        let mut arguments: Vec<String> = required.iter().map(|one| one.name.clone()).collect();
        if !options.is_empty() {
            code.push_str("\targuments := make([]any, 0, len(options))\n");
            code.push_str("\tfor _, option := range options {\n");
            code.push_str("\t\targuments = append(arguments, option.argument)\n\t}\n");
            arguments.push("arguments...".into());
        }
        let _ = writeln!(code, "\treturn call({})\n}}", arguments.join(", "));
        if !options.is_empty() {
            self.write_options(&name, &option_type, function, &options);
        }
    }

    fn write_options(
        &mut self,
        name: &str,
        option_type: &str,
        function: &Function,
        options: &[&Argument<'_>],
    ) {
        let option_type_taken = self.go.take(option_type);
        debug_assert_eq!(option_type_taken, option_type);
        let _ = write!(
            self.functions,
            "\n// {} {option_type} is an argument of [{name}] that need not be given.\ntype \
             {option_type} struct{{ argument any }}\n",
            article(option_type)
        );
        for one in options {
            // Leaving it out usually means None.
            let lowered = match (&one.lowered, &one.python.default) {
                (Lowered::Optional(inner), Some(default)) if default.source == "None" => &**inner,
                (lowered, _) => lowered,
            };
            let ty = self.go.of(&mut self.lowering, lowered);
            let setter = self.go.take(&format!("{name}{}", upper_camel(&one.python.name)));
            let (hint, default) = (one.python.hint.as_ref(), one.python.default.as_ref());
            let words = one_line(&declaration(&one.python.name, hint, default));
            let (parameter, key) = (&one.name, quoted(&one.python.name));
            let code = &mut self.functions;
            code.push('\n');
            let docs = format!("{setter} gives {} its\n\n\t{words}", function.name);
            code.push_str(&comment(&docs, ""));
            let _ = write!(
                code,
                "func {setter}({parameter} {ty}) {option_type} {{\n\treturn \
                 {option_type}{{callpy.Named({key}, {parameter})}}\n}}\n"
            );
        }
    }

    /// Writes the types for the file's classes, for sets of strings, and for tuples.
    fn types(&mut self) -> String {
        let mut code = String::new();
        let mut done: Vec<String> = Vec::new();
        // A field may refer to more classes.
        while let Some(name) = self.lowering.used.iter().find(|name| !done.contains(name)).cloned()
        {
            done.push(name.clone());
            let Some(class) = self.module.class(&name) else { continue };
            match shape_of(class) {
                ClassShape::Struct => self.structure(&mut code, class),
                ClassShape::Enum => self.enumeration(&mut code, class),
                ClassShape::Object => {}
            }
        }
        for number in 0..self.lowering.texts.len() {
            let texts = &self.lowering.texts[number];
            let name = self.go.text(number, &texts.name);
            let _ = write!(
                code,
                "\n// {} {name} is one of a few texts.\ntype {name} string\n",
                article(&name)
            );
            let members = texts.texts.iter().map(|(variant, text)| {
                (variant.trim_start_matches('_').to_owned(), text.clone(), format!("{text:?}"))
            });
            constants(&mut self.go, &mut code, &name, members.collect());
        }
        // Tuples may contain tuples, so their number may grow.
        let mut at = 0;
        while let Some((name, items)) = self.go.tuples.get(at).cloned() {
            let _ = write!(
                code,
                "\n// {} {name} is a tuple: its fields are the items, in their order.\ntype {name} \
                 struct {{\n",
                article(&name)
            );
            for (index, item) in items.iter().enumerate() {
                let ty = self.go.of(&mut self.lowering, item);
                let _ = write!(code, "\t// Item{index} is the item {index}.\n\tItem{index} {ty}\n");
            }
            code.push_str("}\n");
            at += 1;
        }
        code
    }

    fn structure(&mut self, code: &mut String, class: &Class) {
        let name = self.go.class(&class.name);
        let line = class.name_span.start.line;
        let docs = format!(
            "{} {name} is the class {}, line {line} of {}.",
            article(&name),
            class.name,
            self.input.file
        );
        code.push_str(&head(&docs, class.docstring.as_deref()));
        if !is_constructible(class) {
            let docs =
                "Go can't make one for Python: its constructor takes other things than its fields.";
            code.push_str(&format!("//\n// {docs}\n"));
        }
        let _ = writeln!(code, "type {name} struct {{");
        let fields = self.lowering.fields(&class.name);
        let mut taken = Vec::new();
        for (field, lowered) in fields {
            let ty = self.go.of(&mut self.lowering, &lowered);
            let mut go = upper_camel(&field.name);
            while taken.contains(&go) {
                go.push('_');
            }
            taken.push(go.clone());
            let words = declaration(&field.name, field.hint.as_ref(), field.default.as_ref());
            let mut docs = format!("{go} is {words}");
            if !field.in_init {
                docs.push_str("; Python sets it");
            }
            let docs = one_line(&docs);
            code.push_str(&comment(&format!("{docs}."), "\t"));
            if let Some(docstring) = &field.docstring {
                code.push_str(&comment(&one_line(docstring), "\t"));
            }
            let _ = writeln!(code, "\t{go} {ty}");
        }
        code.push_str("}\n");
    }

    fn enumeration(&mut self, code: &mut String, class: &Class) {
        let name = self.go.class(&class.name);
        let line = class.name_span.start.line;
        let docs = format!(
            "{} {name} is a member of {}, line {line} of {}, by its name.",
            article(&name),
            class.name,
            self.input.file
        );
        code.push_str(&head(&docs, class.docstring.as_deref()));
        let _ = writeln!(code, "type {name} string");
        let members = class.members.iter().filter(|member| member.alias_of.is_none());
        let members = members.map(|member| {
            let docs = member.docstring.clone().unwrap_or_else(|| member.name.clone());
            (member.name.clone(), member.name.clone(), docs)
        });
        constants(&mut self.go, code, &name, members.collect());
    }

    fn glue_name(&self) -> String {
        format!("{}_glue", self.python.replace('.', "_"))
    }

    fn file(&self, types: &str) -> String {
        let GoInput { package, file, import, .. } = self.input;
        let mut code =
            String::from("// Code generated by callpy bindgen --lang go; DO NOT EDIT.\n\n");
        let docs = format!("Package {package} calls the functions of {file}, which are Python's.");
        code.push_str(&comment(&docs, ""));
        if let Some(docstring) = &self.module.docstring {
            code.push_str(&docstring_of(docstring));
        }
        let left_out: Vec<&FunctionReport> =
            self.reports.iter().filter(|report| report.left_out.is_some()).collect();
        if !left_out.is_empty() {
            code.push_str("//\n// Left out:\n");
        }
        for report in left_out {
            let reason = report.left_out.as_deref().unwrap_or_default();
            // Functions can't be declared by hand in Go.
            let (reason, _) = reason.split_once(": declare").unwrap_or((reason, ""));
            let _ = writeln!(code, "//   - {} (line {}): {reason}", report.name, report.line);
        }
        let _ = write!(code, "package {package}\n\nimport (\n");
        let is_embedded = import.is_none() && !self.input.is_decoded;
        if is_embedded {
            code.push_str("\t_ \"embed\"\n\n");
        }
        code.push_str("\t\"github.com/callpy/callpy/go/callpy\"\n)\n");
        if import.is_none() {
            let name = file.rsplit('/').next().unwrap_or(file);
            let _ = match is_embedded {
                true => write!(code, "\n//go:embed {name}\nvar source string\n"),
                false => write!(code, "\nvar source = {}\n", quoted(self.source)),
            };
            let _ = write!(
                code,
                "\nvar module = callpy.Source{{Name: {}, File: {}, Text: &source}}\n",
                quoted(&self.python),
                quoted(file)
            );
        }
        if !self.glue.is_empty() {
            let after = if import.is_none() { ", After: &module" } else { "" };
            let _ = write!(
                code,
                "\nvar glue = callpy.Source{{Name: {}, File: {}, Text: &glueText{after}}}\n\nvar \
                 glueText = `{}`\n",
                quoted(&self.glue_name()),
                quoted(&format!("<glue of {file}>")),
                self.glue.text(&self.python)
            );
        }
        code.push_str(types);
        code.push_str(&self.functions);
        code
    }
}

/// Returns the name of the package's variable for a function.
fn variable(function: &Function) -> String {
    format!("{}Function", lower_camel(&function.name))
}

fn article(name: &str) -> &'static str {
    if name.starts_with(['A', 'E', 'I', 'O']) { "An" } else { "A" }
}

/// The function that Go calls.
enum Callee {
    Own,
    Glue,
}

/// Writes constants of a type: name, value and documentation of each.
fn constants(go: &mut Go, code: &mut String, name: &str, members: Vec<(String, String, String)>) {
    let _ = write!(code, "\n// The values of a {name}.\nconst (\n");
    for (member, value, docs) in members {
        let constant = go.take(&format!("{name}{}", upper_camel(&member)));
        let docs = one_line(&docs);
        code.push_str(&comment(&format!("{constant}: {docs}"), "\t"));
        let _ = writeln!(code, "\t{constant} {name} = {}", quoted(&value));
    }
    code.push_str(")\n");
}

/// Writes a text in Go's quotes.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            c if c.is_control() => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// Writes text as comment lines.
fn comment(text: &str, indent: &str) -> String {
    text.trim_end().lines().fold(String::new(), |mut comment, line| {
        let line = line.trim_end();
        let space = if line.is_empty() || line.starts_with('\t') { "" } else { " " };
        // A space, so that text that looks like a directive is not one.
        let _ = writeln!(comment, "{indent}//{space}{line}");
        comment
    })
}

/// Writes the comment above a declaration: a description, and the docstring.
fn head(docs: &str, docstring: Option<&str>) -> String {
    format!("\n{}{}", comment(docs, ""), docstring.map(docstring_of).unwrap_or_default())
}

/// Writes a docstring: its first paragraph as text, the rest unchanged, since gofmt would turn the
/// layout of NumPy or Sphinx into lists and headings.
fn docstring_of(text: &str) -> String {
    let text = text.trim();
    let (summary, rest) = text.split_once("\n\n").unwrap_or((text, ""));
    let is_plain =
        |line: &str| line.starts_with(|c: char| c.is_alphabetic() || "\"'`(".contains(c));
    let (summary, rest) = match summary.lines().all(is_plain) && !summary.contains(">>>") {
        true => (summary, rest.trim_matches('\n')),
        false => ("", text),
    };
    let mut comment = String::new();
    if !summary.is_empty() {
        comment.push_str("//\n");
        for line in summary.lines() {
            let _ = writeln!(comment, "// {}", line.trim());
        }
    }
    if !rest.trim().is_empty() {
        comment.push_str("//\n");
        for line in rest.trim_end().lines() {
            let line = line.trim_end();
            let _ = match line {
                "" => writeln!(comment, "//"),
                line => writeln!(comment, "//\t{line}"),
            };
        }
    }
    comment
}

fn stem(file: &str) -> &str {
    let name = file.rsplit('/').next().unwrap_or(file);
    name.strip_suffix(".py").unwrap_or(name)
}

/// What the body of a function uses by name, which no parameter may hide.
const BODY_NAMES: [&str; 9] =
    ["append", "arguments", "call", "err", "len", "make", "nil", "option", "options"];

/// Whether a function's result may have this name: `result`, or `result0` and on.
fn is_result(name: &str) -> bool {
    name.strip_prefix("result").is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()))
}
