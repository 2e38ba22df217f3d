//! Writes a Go package for a Python file, on top of the Go module `callpy`.
//!
//! Go calls most functions directly. Values that C has no kind for (an instance of a class, an enum's
//! member, a set) are converted by a few lines of Python, the glue, which the package contains as text.

mod class;
mod function;
mod glue;
mod on;
mod types;

use std::fmt::Write;

use callpy_dtypes::fnv_1a;
use callpy_signature::{Class, Module};

use self::function::{Kind, Typed};
use self::glue::Glue;
use self::types::{Go, upper_camel};
use crate::lower::{ClassShape, Lowering, is_exception, left_out, shape_of};
use crate::methods::{MethodKind, fields, methods};
use crate::python::one_line;
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
    /// The functions, classes and methods (`Class.method`) that are left out.
    pub skip: Vec<String>,
    /// Each function and method takes a `context.Context` first, whose end cancels the call.
    pub context: bool,
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
            skip: Vec::new(),
            context: false,
        }
    }
}

/// The Go file, and a report on each public function and method.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct GoGenerated {
    /// The code.
    pub code: String,
    /// The file's public functions, in its order, and then the methods of its public classes.
    pub functions: Vec<FunctionReport>,
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
    generate_go_package(source, input).map(|generated| generated.code)
}

/// Generates the Go file as [`generate_go`] does, and reports on each function and method.
///
/// # Errors
///
/// As `generate_go`.
pub fn generate_go_package(source: &str, input: &GoInput) -> Result<GoGenerated, Vec<Diagnostic>> {
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
    /// What the functions of the file are on workers; none if it has none.
    on: Option<on::On>,
    reports: Vec<FunctionReport>,
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
        let on = None;
        Writer { module, input, source, lowering, glue, go, python, functions, on, reports }
    }

    fn write(mut self) -> Result<GoGenerated, Vec<Diagnostic>> {
        // All functions are lowered before any is written, since names depend on the types of all.
        let mut all = self.lower_functions();
        let classes = self.lower_classes(&mut all);
        let input = self.input;
        let problems = input.usages.problems(&input.file, self.module, &self.reports, &[]);
        if !problems.is_empty() {
            return Err(problems);
        }
        if all.is_empty() && classes.is_empty() {
            return Err(vec![nothing(&self.input.file, &self.reports)]);
        }
        for class in classes.iter().filter(|class| shape_of(class) == ClassShape::Instance) {
            let base = types::bases(&self.lowering, &class.name).into_iter().next();
            self.go.embed(&class.name, base.as_deref());
        }
        // A type with the same name as in the file has precedence over a function; one that is named
        // after a parameter has not.
        self.name_texts(true);
        for typed in &mut all {
            self.name(typed);
        }
        self.name_texts(false);
        if all.iter().any(Typed::is_for_workers) {
            self.on = Some(on::On::new(&mut self.go));
        }
        let types = classes.iter().map(|class| self.lowered_class(class)).collect();
        self.glue.recognise(types);
        for typed in &all {
            self.write_function(typed);
        }
        self.glue.finish(&mut self.lowering);
        let mut types = self.types(&classes);
        types += &self.own_types();
        types += &self.on_workers();
        let code = self.file(&types);
        Ok(GoGenerated { code, functions: self.reports })
    }

    fn name_texts(&mut self, is_alias: bool) {
        for number in 0..self.lowering.texts.len() {
            if self.lowering.texts[number].is_alias == is_alias {
                let name = self.lowering.texts[number].name.clone();
                self.go.text(number, &name);
            }
        }
    }

    fn lower_functions(&mut self) -> Vec<Typed<'m>> {
        let module = self.module;
        let mut all = Vec::new();
        let skip = &self.input.skip;
        for function in module.public_functions().filter(|it| !skip.contains(&it.name)) {
            let line = function.name_span.start.line;
            let parameters = module.call_parameters(function);
            let left_out = reason_to_leave_out(function, &parameters, false);
            if left_out.is_none() {
                let path = function.name.clone();
                let function = std::borrow::Cow::Borrowed(function);
                let name = function.name.clone();
                all.push(self.lower(function, parameters, Kind::Free, name, path));
            }
            let untyped = std::mem::take(&mut self.lowering.untyped);
            let name = function.name.clone();
            let file = None;
            self.reports.push(FunctionReport { name, line, file, left_out, untyped });
        }
        all
    }

    /// Lowers the methods of the classes that are public or that hints refer to, and returns those classes.
    fn lower_classes(&mut self, all: &mut Vec<Typed<'m>>) -> Vec<&'m Class> {
        let module = self.module;
        let skip = &self.input.skip;
        let is_wanted = |class: &Class| {
            module.is_public(&class.name)
                && !is_exception(module, class)
                && !skip.contains(&class.name)
        };
        let mut done: Vec<&'m Class> = Vec::new();
        // Fields and methods may refer to more classes.
        loop {
            let next = module.classes.iter().find(|class| {
                let wanted = is_wanted(class) || self.lowering.used.contains(&class.name);
                wanted && left_out(class).is_none() && done.iter().all(|it| it.name != class.name)
            });
            let Some(class) = next else { return done };
            self.lowering.use_class(class);
            done.push(class);
            self.lowering.fields(&class.name);
            let is_plain = shape_of(class) == ClassShape::Instance
                && types::is_plain_in_c(&self.lowering, &class.name);
            let mut methods = methods(&mut self.lowering, class, skip);
            if shape_of(class) == ClassShape::Instance {
                let fields = fields(module, class, &methods, skip);
                methods.extend(fields.into_iter().map(|(_, method)| method));
            }
            // After the methods, whose names have precedence.
            let mut setters = Vec::new();
            for mut method in methods {
                self.lowering.untyped.clear();
                let is_of_instance =
                    matches!(method.kind, MethodKind::Method | MethodKind::Property);
                if is_plain && is_of_instance && method.left_out.is_none() {
                    method.left_out = Some("its class comes as a value, without methods".into());
                }
                let line = method.function.name_span.start.line;
                if method.left_out.is_none() {
                    let kind = match method.kind {
                        MethodKind::Constructor => Kind::Constructor(class),
                        MethodKind::Static => Kind::Static(class),
                        MethodKind::Method => Kind::Method(class),
                        MethodKind::Property => Kind::Property(class),
                        MethodKind::Enter => Kind::Enter(class),
                    };
                    let (function, parameters) = (method.function, method.parameters);
                    let path = method.path.clone();
                    let mut typed = self.lower(function, parameters, kind, method.name, path);
                    typed.file = method.file.clone();
                    setters.extend(self.setter(&typed));
                    all.push(typed);
                }
                let untyped = std::mem::take(&mut self.lowering.untyped);
                if is_wanted(class) {
                    let (name, file, left_out) = (method.path, method.file, method.left_out);
                    self.reports.push(FunctionReport { name, line, file, left_out, untyped });
                }
            }
            all.append(&mut setters);
        }
    }

    /// Writes the types for the file's classes, for sets of strings, and for tuples.
    fn types(&mut self, classes: &[&Class]) -> String {
        let mut code = String::new();
        for class in classes {
            match shape_of(class) {
                ClassShape::Struct => self.structure(&mut code, class),
                ClassShape::Enum => self.enumeration(&mut code, class),
                ClassShape::Instance => self.instance(&mut code, class),
            }
        }
        for number in 0..self.lowering.texts.len() {
            let texts = &self.lowering.texts[number];
            let (wanted, texts) = (texts.name.clone(), texts.texts.clone());
            let name = self.go.text(number, &wanted);
            let _ = write!(
                code,
                "\n// {} {name} is one of a few texts.\ntype {name} string\n",
                article(&name)
            );
            // Constants are named as the type would be, if its name were free.
            let prefix = upper_camel(&wanted);
            let members = texts.iter().map(|(variant, text)| {
                (variant.trim_start_matches('_').to_owned(), text.clone(), format!("{text:?}"))
            });
            constants(&mut self.go, &mut code, &name, &prefix, members.collect());
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

    /// Writes the names of the package's own types, if functions need them.
    fn own_types(&mut self) -> String {
        if !self.functions.contains(", Types: types") {
            return String::new();
        }
        let mut code = String::from(
            "\n// The types of this package, which are told apart where a hint says that a value may be any.\nvar types = \
             callpy.NewTypes(",
        );
        let start = code.len();
        for lowered in self.glue.types().to_vec() {
            let ty = self.go.of(&mut self.lowering, &lowered);
            if let (Some(class), true) = (glue::class_of(&lowered), ty != "any") {
                let _ = write!(code, "\n\tcallpy.Type[{ty}]({}),", quoted(&glue::mark(class)));
            }
        }
        if code.len() > start {
            code.push('\n');
        }
        code + ")\n"
    }

    fn glue_name(&self) -> String {
        format!("{}_glue", self.python.replace('.', "_"))
    }

    fn file(&self, types: &str) -> String {
        let GoInput { package, file, import, .. } = self.input;
        let mut code =
            String::from("// Code generated by callpy bindgen --lang go; DO NOT EDIT.\n\n");
        // `golint` and pkg.go.dev want a package's comment to begin so.
        let docs = format!("Package {package} calls the functions of {file}, which are Python's.");
        code.push_str(&comment(&docs, ""));
        if let Some(docstring) = &self.module.docstring {
            code.push_str(&docstring_of(docstring));
        }
        let left_out: Vec<&FunctionReport> =
            self.reports.iter().filter(|report| report.left_out.is_some()).collect();
        if !left_out.is_empty() {
            // gofmt would take a line by itself, between two paragraphs, for a heading.
            let is_alone = code
                .trim_end()
                .rsplit_once('\n')
                .is_some_and(|(before, line)| before.ends_with("\n//") && line.starts_with("// "));
            if is_alone && code.trim_end().ends_with(char::is_alphanumeric) {
                code.truncate(code.trim_end().len());
                code.push_str(".\n");
            }
            code.push_str("//\n// Left out:\n");
        }
        for report in left_out {
            let reason = report.left_out.as_deref().unwrap_or_default();
            // Functions can't be declared by hand in Go.
            let (reason, _) = reason.split_once(": declare").unwrap_or((reason, ""));
            let (reason, place) = (prose(reason), report.place());
            let _ = writeln!(code, "//   - {} ({place}): {reason}", report.name);
        }
        let _ = write!(code, "package {package}\n\nimport (\n");
        let is_embedded = import.is_none() && !self.input.is_decoded;
        let has_context = self.functions.contains("context.Context");
        // What comments say needs no import.
        let lines = || types.lines().chain(self.functions.lines());
        let uses = |name: &str| {
            lines().any(|line| !line.trim_start().starts_with("//") && line.contains(name))
        };
        let has_time = uses("time.Duration") || uses("time.Time");
        let has_items = uses("iter.Seq2[");
        if has_context {
            code.push_str("\t\"context\"\n");
        }
        if is_embedded {
            code.push_str("\t_ \"embed\"\n");
        }
        if has_items {
            code.push_str("\t\"iter\"\n");
        }
        if has_time {
            code.push_str("\t\"time\"\n");
        }
        if has_context || is_embedded || has_items || has_time {
            code.push('\n');
        }
        code.push_str("\tcallpy \"github.com/callpy/callpy/go\"\n)\n");
        // Types alone need no functions of the library.
        let uses = |text: &str| text.contains("callpy.");
        if import.is_some() && self.glue.is_empty() && !uses(types) && !uses(&self.functions) {
            code.truncate(code.rfind("\nimport (").unwrap_or(code.len()));
            if has_time {
                code.push_str("\nimport \"time\"\n");
            }
        }
        if import.is_none() {
            let name = file.rsplit('/').next().unwrap_or(file);
            let name =
                if name.contains(char::is_whitespace) { quoted(name) } else { name.to_owned() };
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

fn article(name: &str) -> &'static str {
    if name.starts_with(['A', 'E', 'I', 'O']) { "An" } else { "A" }
}

/// Writes constants of a type: name, value and documentation of each.
fn constants(
    go: &mut Go,
    code: &mut String,
    name: &str,
    prefix: &str,
    members: Vec<(String, String, String)>,
) {
    let _ = write!(code, "\n// The values of {} {name}.\nconst (\n", article(name).to_lowercase());
    for (member, value, docs) in members {
        let constant = go.take_or(&format!("{prefix}{}", upper_camel(&member)), "Value");
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
            // Go's string literals may contain any other character as it is.
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
        let line = &prose(line.trim_end());
        let space = if line.is_empty() || line.starts_with('\t') { "" } else { " " };
        // A space, so that text that looks like a directive is not one.
        let _ = writeln!(comment, "{indent}//{space}{line}");
        comment
    })
}

/// Replaces the quotes that gofmt replaces in comments, except in code.
fn prose(line: &str) -> String {
    match line.starts_with('\t') {
        true => line.to_owned(),
        false => line.replace("``", "\u{201c}").replace("''", "\u{201d}"),
    }
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
    // gofmt takes an indented block for a list if it begins like one.
    let (summary, rest) = match begins_list(rest) {
        true => ("", text),
        false => (summary, rest),
    };
    let mut comment = String::new();
    if begins_list(rest) {
        comment.push_str("//\n//\tThe docstring:\n");
    }
    if !summary.is_empty() {
        comment.push_str("//\n");
        for line in summary.lines() {
            let _ = writeln!(comment, "// {}", prose(line.trim()));
        }
    }
    if !rest.trim().is_empty() {
        comment.push_str("//\n");
        let indent = indent_of(rest);
        for line in rest.trim_end().lines() {
            let line = line.trim_end().get(indent..).unwrap_or_default();
            let _ = match line {
                "" => writeln!(comment, "//"),
                // gofmt takes it for a build constraint.
                line if line.trim_start().starts_with("+build") => {
                    writeln!(comment, "//\t{}", line.replacen("+build", "+ build", 1))
                }
                line => writeln!(comment, "//\t{line}"),
            };
        }
    }
    comment
}

/// Returns the length of the blanks that all lines of a text begin with, which gofmt would remove.
fn indent_of(text: &str) -> usize {
    let lines = || text.lines().filter(|line| !line.trim().is_empty());
    let blanks = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
    let first = lines().next().unwrap_or_default();
    let common = |line: &str| {
        first.bytes().zip(line.bytes()).take_while(|(one, other)| one == other).count()
    };
    lines().map(|line| common(line).min(blanks(line))).min().unwrap_or(0)
}

/// Whether a text begins with an item of a list, as gofmt sees it.
fn begins_list(text: &str) -> bool {
    let line = text.trim_start();
    let rest = match line.strip_prefix(['-', '*', '+', '\u{2022}']) {
        Some(rest) => rest,
        None => {
            let digits = line.trim_start_matches(|c: char| c.is_ascii_digit());
            match digits.strip_prefix(['.', ')']).filter(|_| digits.len() < line.len()) {
                Some(rest) => rest,
                None => return false,
            }
        }
    };
    rest.starts_with([' ', '\t'])
}

fn stem(file: &str) -> &str {
    let name = file.rsplit('/').next().unwrap_or(file);
    name.strip_suffix(".py").or_else(|| name.strip_suffix(".pyi")).unwrap_or(name)
}
