//! Writes the Go functions for Python's functions and methods, with their options.

use std::borrow::Cow;
use std::fmt::Write;

use callpy_signature::{Class, Function, Parameter, ParameterKind, Usage};

use super::types::{lower_camel, upper_camel};
use super::{Writer, article, comment, glue, head, quoted};
use crate::known::Known;
use crate::lower::{ClassShape, Lowered, Lowering, shape_of};
use crate::python::{declaration, one_line, signature};

/// A function, with its types and its names in Go.
pub(super) struct Typed<'m> {
    pub(super) python: Cow<'m, Function>,
    pub(super) kind: Kind<'m>,
    /// The neighbour that declares it, if it is inherited.
    pub(super) file: Option<String>,
    /// The name in other languages: `item` for `__getitem__`.
    name: String,
    /// `f`, `Class.method`, or `Class` for a constructor.
    path: String,
    parameters: Vec<Argument>,
    returns: Lowered,
    /// The name in Go.
    go: String,
    /// The type of its options, and the name of each option's function.
    option: String,
    setters: Vec<String>,
}

/// How Python finds what is called.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind<'m> {
    Free,
    Constructor(&'m Class),
    Static(&'m Class),
    Method(&'m Class),
    Property(&'m Class),
    Setter(&'m Class),
    Enter(&'m Class),
}

/// A parameter, its type, and its name in Go.
struct Argument {
    python: Parameter,
    lowered: Lowered,
    name: String,
}

impl Argument {
    fn is_option(&self) -> bool {
        self.python.default.is_some()
    }
}

impl<'m> Kind<'m> {
    pub(super) fn class(self) -> Option<&'m Class> {
        match self {
            Kind::Free => None,
            Kind::Constructor(class)
            | Kind::Static(class)
            | Kind::Method(class)
            | Kind::Property(class)
            | Kind::Setter(class)
            | Kind::Enter(class) => Some(class),
        }
    }

    /// The class whose instance is the receiver.
    fn receiver(self) -> Option<&'m Class> {
        match self {
            Kind::Method(class)
            | Kind::Property(class)
            | Kind::Setter(class)
            | Kind::Enter(class) => Some(class),
            _ => None,
        }
    }
}

/// The function that Go calls.
enum Callee {
    Own,
    /// One in the glue, with its path there.
    Glue(String),
}

impl Typed<'_> {
    /// Whether workers can call it: a generator can't be copied to another process.
    pub(super) fn is_for_workers(&self) -> bool {
        matches!(self.kind, Kind::Free) && !matches!(self.returns, Lowered::Items(_))
    }
}

impl<'m> Writer<'m> {
    pub(super) fn lower(
        &mut self,
        python: Cow<'m, Function>,
        parameters: Vec<Parameter>,
        kind: Kind<'m>,
        name: String,
        path: String,
    ) -> Typed<'m> {
        let mut used = self.used_names(kind);
        let mut arguments = Vec::new();
        for parameter in parameters {
            let lowered = self.lowering.parameter(&path, &parameter);
            let mut name = lower_camel(&parameter.name);
            while used.contains(&name) {
                name.push_str("Arg");
            }
            used.push(name.clone());
            arguments.push(Argument { python: parameter, lowered, name });
        }
        let returns = match kind {
            Kind::Constructor(class) => Lowered::Instance(class.name.clone()),
            _ => self.lowering.returned(&path, &python),
        };
        let (go, option, setters) = (String::new(), String::new(), Vec::new());
        let (parameters, file) = (arguments, None);
        Typed { python, kind, file, name, path, parameters, returns, go, option, setters }
    }

    /// Returns the names that no parameter may have: a function's body and its results are in the same scope.
    fn used_names(&self, kind: Kind<'_>) -> Vec<String> {
        let mut used: Vec<String> = BODY_NAMES.map(str::to_owned).into();
        used.extend(kind.receiver().map(|class| receiver_name(&class.name)));
        if self.input.context {
            used.extend(["ctx", "object"].map(str::to_owned));
        }
        used
    }

    /// Returns the method that sets a property, if Python can.
    pub(super) fn setter(&mut self, property: &Typed<'m>) -> Option<Typed<'m>> {
        let Kind::Property(class) = property.kind else { return None };
        let taken = match &property.python.set_by {
            Some(value) => self.lowering.parameter(&property.path, value),
            None => property.returns.clone(),
        };
        if !property.python.is_settable || shape_of(class) != ClassShape::Instance {
            return None;
        }
        let kind = Kind::Setter(class);
        let mut name = "value".to_owned();
        while self.used_names(kind).contains(&name) {
            name.push_str("Arg");
        }
        let own = property.python.set_by.as_ref();
        let span = property.python.name_span;
        let hint = own.map_or_else(|| property.python.returns.clone(), |value| value.hint.clone());
        let python = Parameter::new("value", span, ParameterKind::PositionalOnly, hint);
        Some(Typed {
            python: property.python.clone(),
            kind,
            file: property.file.clone(),
            name: format!("set_{}", property.name),
            path: property.path.clone(),
            parameters: vec![Argument { python, lowered: taken, name }],
            returns: Lowered::Unit,
            go: String::new(),
            option: String::new(),
            setters: Vec::new(),
        })
    }

    /// Chooses the names in Go.
    pub(super) fn name(&mut self, typed: &mut Typed<'_>) {
        let name = upper_camel(&typed.name);
        let class = typed.kind.class().map(|class| self.go.class(&class.name));
        let prefix = match (&typed.kind, &class) {
            (Kind::Free, _) | (_, None) => {
                typed.go = self.go.take_or(&name, "Func");
                typed.go.clone()
            }
            (Kind::Constructor(_), Some(class)) => {
                typed.go = self.go.take_or(&format!("New{class}"), "Func");
                class.clone()
            }
            (Kind::Static(_), Some(class)) => {
                typed.go = self.go.take_or(&format!("{class}{name}"), "Func");
                typed.go.clone()
            }
            (_, Some(class)) => {
                typed.go = self.go.method(class, &name);
                format!("{class}{}", typed.go)
            }
        };
        if typed.parameters.iter().any(Argument::is_option) {
            typed.option = self.go.take_or(&format!("{prefix}Option"), "Type");
        }
        typed.setters = typed
            .parameters
            .iter()
            .filter(|one| one.is_option())
            .map(|one| {
                self.go.take_or(&format!("{prefix}{}", upper_camel(&one.python.name)), "Option")
            })
            .collect();
    }

    /// Returns the function that Go calls: the file's own, or one in the glue, which is written here.
    fn target(&mut self, typed: &Typed<'_>) -> Callee {
        let Typed { python, parameters: all, returns, kind, .. } = typed;
        let is_star =
            |kind| matches!(kind, ParameterKind::VarPositional | ParameterKind::VarKeyword);
        // Go passes required arguments by position and options by name. The glue adapts parameters that
        // Python wants otherwise.
        let needs_glue = all.iter().any(|one| {
            let kind = one.python.kind;
            is_star(kind)
                || (kind == ParameterKind::KeywordOnly && !one.is_option())
                || (kind == ParameterKind::PositionalOnly && one.is_option())
        });
        let mut inward = Vec::new();
        for one in all {
            inward.push(self.glue.inward(&mut self.lowering, &one.lowered));
        }
        let outward = self.glue.outward(&mut self.lowering, returns);
        // A method is looked up in the instance, which may be of a subclass.
        let is_own = kind.receiver().is_none() && !matches!(kind, Kind::Constructor(_));
        if is_own && !needs_glue && inward.iter().all(Option::is_none) && outward.is_none() {
            return Callee::Own;
        }
        let parameters: Vec<glue::Parameter<'_>> = all
            .iter()
            .zip(inward)
            .map(|(one, convert)| glue::Parameter {
                name: &one.python.name,
                kind: one.python.kind,
                is_optional: one.is_option(),
                convert,
            })
            .collect();
        let (receiver, called) = match kind.receiver() {
            None => (None, format!("_module.{}", typed.path)),
            Some(class) => {
                let lowered = self.lowered_class(class);
                let convert = self.glue.inward(&mut self.lowering, &lowered);
                (Some(convert), python.name.clone())
            }
        };
        let function = glue::Function {
            name: &typed.name,
            class: kind.class().map(|class| &class.name[..]),
            receiver,
            called: &called,
            is_property: matches!(kind, Kind::Property(_)),
            is_setter: matches!(kind, Kind::Setter(_)),
            parameters: &parameters,
            outward,
        };
        Callee::Glue(self.glue.function(&function))
    }

    /// Whether any of the package's own types may be in values of a type, which does not say which.
    fn is_open(&mut self, lowered: &Lowered) -> bool {
        let mut seen = Vec::new();
        !self.glue.types().is_empty() && is_open(&mut self.lowering, lowered, &mut seen)
    }

    /// Whether slices of numbers in an argument are lists in Python, and none is an array.
    fn has_lists(&mut self, argument: &Argument) -> bool {
        let is_rest = argument.python.kind == ParameterKind::VarPositional;
        self.are_lists(&argument.lowered, is_rest && is_number(&argument.lowered))
    }

    /// The same of a value, which may be one of several numbers.
    fn are_lists(&mut self, lowered: &Lowered, is_rest: bool) -> bool {
        let mut found = Slices::default();
        found.look(&mut self.lowering, lowered);
        found.are_lists |= is_rest;
        found.are_lists && !found.may_be_arrays
    }

    pub(super) fn lowered_class(&self, class: &Class) -> Lowered {
        let name = class.name.clone();
        match shape_of(class) {
            ClassShape::Struct => Lowered::Struct(name),
            ClassShape::Enum => Lowered::Enum(name),
            ClassShape::Instance => Lowered::Instance(name),
        }
    }

    pub(super) fn write_function(&mut self, typed: &Typed<'_>) {
        if let Kind::Enter(class) = typed.kind {
            return self.write_context(typed, class);
        }
        let target = self.target(typed);
        let Typed { python: function, parameters: all, returns, kind, go: name, .. } = typed;
        let receiver = kind.receiver().map(|class| {
            let lowered = self.lowered_class(class);
            (receiver_name(&class.name), self.go.of(&mut self.lowering, &lowered))
        });
        let class = kind.class().map(|class| self.go.class(&class.name)).unwrap_or_default();
        let wanted = match kind {
            Kind::Free => format!("{}Function", lower_camel(&typed.name)),
            _ => format!("{}{}Function", lower_first(&class), upper_camel(&typed.name)),
        };
        let mut variable = self.go.take(&wanted);
        // The body uses it, so that no parameter may hide it.
        while all.iter().any(|one| one.name == variable) {
            variable = self.go.take(&format!("{wanted}Value"));
        }
        let options: Vec<&Argument> = all.iter().filter(|one| one.is_option()).collect();
        // The glue expects them in this order.
        let required: Vec<&Argument> = all.iter().filter(|one| !one.is_option()).collect();
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
        let items = match returns {
            Lowered::Items(item) => Some(self.go.of(&mut self.lowering, item)),
            _ => None,
        };
        let results = match returns {
            Lowered::Unit => Vec::new(),
            Lowered::Items(_) => vec!["*callpy.Object".to_owned()],
            Lowered::Tuple(items) => {
                items.iter().map(|item| self.go.of(&mut self.lowering, item)).collect()
            }
            one => vec![self.go.of(&mut self.lowering, one)],
        };
        let context = self.input.context;
        let mut takes: Vec<String> =
            context.then(|| "context.Context".to_owned()).into_iter().collect();
        let receiver_lists = kind.receiver().is_some_and(|class| {
            let lowered = self.lowered_class(class);
            self.are_lists(&lowered, false)
        });
        takes.extend(receiver.iter().map(|(_, ty)| type_of_lists(receiver_lists, ty)));
        let mut are_lists = Vec::new();
        for one in &required {
            are_lists.push(self.has_lists(one));
        }
        takes.extend(types.iter().zip(&are_lists).map(|(ty, are)| type_of_lists(*are, ty)));
        if !options.is_empty() {
            takes.push("...any".into());
        }
        let outcome = match &results[..] {
            [] => "error".to_owned(),
            results => format!("({}, error)", results.join(", ")),
        };
        let source = match (&target, &self.input.import) {
            (Callee::Glue(_), _) => "Source: &glue, ",
            (Callee::Own, None) => "Source: &module, ",
            (Callee::Own, Some(_)) => "",
        };
        let python = match &target {
            Callee::Glue(path) => format!("{}:{path}", self.glue_name()),
            Callee::Own => format!("{}:{}", self.python, typed.path),
        };
        let parameters: Vec<Parameter> = all.iter().map(|one| one.python.clone()).collect();
        let usage = match self.input.usages.of(&mut self.lowering, &typed.path, &parameters) {
            // The object has the value from then on.
            _ if matches!(kind, Kind::Setter(_)) => ", Retains: true",
            Some(Usage::Retained) => ", Retains: true",
            Some(Usage::Borrowed) => ", Lends: true",
            None => "",
        };
        let mut lowered = all.iter().map(|one| &one.lowered).chain([returns]);
        let is_open = lowered.any(|lowered| self.is_open(lowered));
        let usage = if is_open { format!("{usage}, Types: types") } else { usage.to_owned() };
        // Lazy, so that a program that only imports the package starts no Python.
        let code = &mut self.functions;
        let _ = write!(
            code,
            "\nvar {variable} = callpy.Lazy[func({}) {outcome}]{{{source}Target: {}{usage}}}\n",
            takes.join(", "),
            quoted(&python),
        );

        let mut parameters: Vec<String> =
            context.then(|| "ctx context.Context".to_owned()).into_iter().collect();
        parameters
            .extend(required.iter().zip(&types).map(|(one, ty)| format!("{} {ty}", one.name)));
        if !options.is_empty() {
            parameters.push(format!("options ...{}", typed.option));
        }
        let outcome = match (&results[..], &items) {
            (_, Some(item)) => format!("(result iter.Seq2[{item}, error], err error)"),
            ([], _) => "error".to_owned(),
            ([one], _) => format!("(result {one}, err error)"),
            (more, _) => format!("({}, error)", more.join(", ")),
        };
        let line = function.name_span.start.line;
        let what = match kind {
            Kind::Property(_) => "returns",
            Kind::Constructor(_) => "makes a",
            _ => "calls",
        };
        let file = typed.file.as_ref().unwrap_or(&self.input.file);
        let (docs, docstring) = match kind {
            Kind::Setter(_) => {
                (format!("{name} sets {}, line {line} of {file}.", typed.path), None)
            }
            _ => {
                let words = one_line(&signature(function)).replacen(&function.name, &typed.path, 1);
                let docs =
                    format!("{name} {what} {}, line {line} of {file}:\n\n\t{words}", typed.path);
                (docs, function.docstring.as_deref())
            }
        };
        let failed = match &results[..] {
            [] => " err".to_owned(),
            [_] => String::new(),
            more => {
                more.iter().fold(String::new(), |all, ty| format!("{all} {},", zero(ty))) + " err"
            }
        };
        let mut rest = format!("\tif err != nil {{\n\t\treturn{failed}\n\t}}\n");
        let place = receiver.as_ref().map(|(name, ty)| format!("({name} {ty}) "));
        let place = place.unwrap_or_default();
        let mut arguments: Vec<String> = context.then(|| "ctx".to_owned()).into_iter().collect();
        arguments.extend(receiver.iter().map(|(name, _)| lists(receiver_lists, name)));
        arguments.extend(required.iter().zip(&are_lists).map(|(one, are)| lists(*are, &one.name)));
        if !options.is_empty() {
            rest.push_str("\targuments := make([]any, 0, len(options))\n");
            rest.push_str("\tfor _, option := range options {\n");
            rest.push_str("\t\targuments = append(arguments, option.argument)\n\t}\n");
            arguments.push("arguments...".into());
        }
        let call = format!("call({})", arguments.join(", "));
        let _ = match items {
            Some(item) if context => writeln!(
                rest,
                "\tobject, err := {call}\n\treturn callpy.ItemsContext[{item}](ctx, object, err)\n}}"
            ),
            Some(item) => writeln!(rest, "\treturn callpy.Items[{item}]({call})\n}}"),
            None => writeln!(rest, "\treturn {call}\n}}"),
        };
        let parameters = parameters.join(", ");
        code.push_str(&head(&docs, docstring));
        let _ = write!(
            code,
            "func {place}{name}({parameters}) {outcome} {{\n\tcall, err := {variable}.Get()\n{rest}"
        );
        if let (true, Some(on)) = (typed.is_for_workers(), &mut self.on) {
            let used = |name: &str| all.iter().any(|one| one.name == name);
            let receiver = on.receiver(used);
            let (method, ty) = (self.go.method(&on.ty, name), &on.ty);
            let docs = comment(&format!("{method} calls [{name}] on the workers."), "");
            let _ = write!(
                code,
                "\n{docs}func ({receiver} *{ty}) {method}({parameters}) {outcome} {{\n\tcall, err := \
                 {variable}.On({receiver}.functions)\n{rest}"
            );
            on.variables.push(variable);
        }
        if !options.is_empty() {
            self.write_options(typed, &options);
        }
    }

    fn write_options(&mut self, typed: &Typed<'_>, options: &[&Argument]) {
        let Typed { go: name, option, kind, .. } = typed;
        let link = match kind.receiver() {
            Some(class) => format!("{}.{name}", self.go.class(&class.name)),
            None => name.clone(),
        };
        let _ = write!(
            self.functions,
            "\n// {} {option} is an argument of [{link}] that need not be given.\ntype {option} struct{{ \
             argument any }}\n",
            article(option)
        );
        for (one, setter) in options.iter().zip(&typed.setters) {
            // Leaving it out usually means None.
            let lowered = match (&one.lowered, &one.python.default) {
                (Lowered::Optional(inner), Some(default)) if default.source == "None" => &**inner,
                (lowered, _) => lowered,
            };
            let ty = self.go.of(&mut self.lowering, lowered);
            let (hint, default) = (one.python.hint.as_ref(), one.python.default.as_ref());
            let words = one_line(&declaration(&one.python.name, hint, default));
            let (parameter, key) = (&one.name, quoted(&one.python.name));
            let value = match &ty[..] {
                // A pointer, which tells that the hint does not say which type it is.
                "any" => format!("&{parameter}"),
                _ => lists(self.has_lists(one), parameter),
            };
            let code = &mut self.functions;
            code.push('\n');
            let docs = format!("{setter} gives {} its\n\n\t{words}", typed.path);
            code.push_str(&comment(&docs, ""));
            let _ = write!(
                code,
                "func {setter}({parameter} {ty}) {option} {{\n\treturn {option}{{callpy.Named({key}, \
                 {value})}}\n}}\n"
            );
        }
    }

    /// Writes the method that enters a context manager, and leaves it.
    fn write_context(&mut self, typed: &Typed<'_>, class: &Class) {
        let Typed { returns, go: name, python, .. } = typed;
        let ty = match returns {
            Lowered::Unit => "any".to_owned(),
            returns => self.go.of(&mut self.lowering, returns),
        };
        let outward = self.glue.outward(&mut self.lowering, returns);
        let entering = self.glue.context(&class.name, outward.as_deref());
        let go = self.go.class(&class.name);
        let receiver = receiver_name(&class.name);
        let enter = self.go.take(&format!("{}Enter", lower_first(&go)));
        let glue = self.glue_name();
        let file = typed.file.as_ref().unwrap_or(&self.input.file);
        let line = python.name_span.start.line;
        // It is left whether the context has ended or not.
        let (takes, kind, entered) = match self.input.context {
            true => (
                "ctx context.Context, ",
                "context.Context, ",
                format!("func({receiver} *{go}) ({ty}, error) {{ return enter(ctx, {receiver}) }}"),
            ),
            false => ("", "", "enter".to_owned()),
        };
        let code = &mut self.functions;
        let _ = write!(
            code,
            "\nvar {enter} = callpy.Lazy[func({kind}*{go}) ({ty}, error)]{{Source: &glue, Target: \
             \"{glue}:{entering}\"}}\n",
        );
        let docs = format!(
            "{name} enters the context, line {line} of {file}, calls the function, and leaves the context: \
             with the\nexception that the function's error is, or one with its text. An error that the context \
             suppresses is nil."
        );
        code.push_str(&head(&docs, python.docstring.as_deref()));
        let _ = write!(
            code,
            "func ({receiver} *{go}) {name}({takes}body func({ty}) error) error {{\n\tenter, err := \
             {enter}.Get()\n\tif err != nil {{\n\t\treturn err\n\t}}\n\treturn callpy.With({receiver}, {entered}, \
             body)\n}}\n"
        );
    }
}

fn is_open(lowering: &mut Lowering<'_>, lowered: &Lowered, seen: &mut Vec<String>) -> bool {
    match lowered {
        Lowered::Union(_) | Lowered::Object { .. } => true,
        Lowered::List { item, .. }
        | Lowered::VariadicTuple(item)
        | Lowered::Set { item, .. }
        | Lowered::Items(item)
        | Lowered::Optional(item) => is_open(lowering, item, seen),
        Lowered::Dict(key, value) => is_open(lowering, key, seen) || is_open(lowering, value, seen),
        Lowered::Tuple(items) => items.iter().any(|item| is_open(lowering, item, seen)),
        Lowered::Struct(name) if !seen.contains(name) => {
            seen.push(name.clone());
            let fields = lowering.fields(name);
            fields.iter().any(|(_, field)| is_open(lowering, field, seen))
        }
        _ => false,
    }
}

/// What slices of numbers in a value are in Python.
#[derive(Default)]
struct Slices {
    are_lists: bool,
    may_be_arrays: bool,
    seen: Vec<String>,
}

impl Slices {
    fn look(&mut self, lowering: &mut Lowering<'_>, lowered: &Lowered) {
        match lowered {
            Lowered::Array { .. } | Lowered::Object { .. } | Lowered::Union(_) => {
                self.may_be_arrays = true;
            }
            Lowered::List { item, .. }
            | Lowered::VariadicTuple(item)
            | Lowered::Set { item, .. }
            | Lowered::Items(item) => {
                self.are_lists |= is_number(item);
                self.look(lowering, item);
            }
            Lowered::Optional(item) => self.look(lowering, item),
            Lowered::Dict(key, value) => {
                self.look(lowering, key);
                self.look(lowering, value);
            }
            Lowered::Tuple(items) => items.iter().for_each(|item| self.look(lowering, item)),
            Lowered::Struct(name) if !self.seen.contains(name) => {
                self.seen.push(name.clone());
                for (_, field) in lowering.fields(name) {
                    self.look(lowering, &field);
                }
            }
            _ => {}
        }
    }
}

/// Writes the type of a value whose slices of numbers are lists in Python, or a type as it is.
fn type_of_lists(are_lists: bool, ty: &str) -> String {
    if are_lists { format!("callpy.Lists[{ty}]") } else { ty.to_owned() }
}

/// The same for a value.
fn lists(are_lists: bool, value: &str) -> String {
    if are_lists { format!("callpy.ListsOf({value})") } else { value.to_owned() }
}

/// Whether a slice of such values is one of numbers in Go.
fn is_number(lowered: &Lowered) -> bool {
    matches!(
        lowered,
        Lowered::Bool
            | Lowered::Int
            | Lowered::Float
            | Lowered::Complex
            | Lowered::Scalar(_)
            | Lowered::Known(Known::Timedelta)
    )
}

/// The name of a method's receiver: the first letter of the type, as Go has it.
fn receiver_name(class: &str) -> String {
    let letter = upper_camel(class).chars().next().unwrap_or('x').to_lowercase().next();
    letter.map_or("x".to_owned(), String::from)
}

pub(super) fn lower_first(name: &str) -> String {
    let mut chars = name.chars();
    let first = chars.next().into_iter().flat_map(char::to_lowercase);
    first.chain(chars).collect()
}

/// Writes the zero value of a type.
pub(super) fn zero(ty: &str) -> String {
    match ty {
        "any" => "nil".to_owned(),
        "bool" => "false".to_owned(),
        "string" => "\"\"".to_owned(),
        "callpy.Bytes" | "callpy.Times" | "callpy.Durations" => "nil".to_owned(),
        "complex64" | "complex128" => "0".to_owned(),
        _ if ty.starts_with(['*', '[']) || ty.starts_with("map[") => "nil".to_owned(),
        _ if ty.starts_with("int") || ty.starts_with("uint") || ty.starts_with("float") => {
            "0".to_owned()
        }
        // A type of the package, of which some are strings and some structs.
        _ => format!("*new({ty})"),
    }
}

/// What the body of a function uses by name, which no parameter may hide.
const BODY_NAMES: [&str; 11] = [
    "append",
    "arguments",
    "call",
    "err",
    "len",
    "make",
    "nil",
    "option",
    "options",
    "result",
    "callpy",
];
