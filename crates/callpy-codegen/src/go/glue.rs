//! The glue: Python functions between Go and the file's functions, for values that C has no kind for.
//!
//! A Go struct is passed and returned as a tuple, an enum's member as its name, a set as a list. Other
//! values have no converter.

use std::collections::HashSet;
use std::fmt::Write;

use callpy_dtypes::NumberKind;
use callpy_signature::{Class, ClassKind, ParameterKind, is_keyword};

use super::types::{Key, bases, is_plain_in_c, key_of};
use crate::dtype::Meaning;
use crate::known::Known;
use crate::lower::{Lowered, Lowering};

/// The glue of one file, under construction.
pub(super) struct Glue {
    /// Converted types and the names of their converters; none for types that need no conversion.
    known: Vec<(Way, Lowered, Option<String>)>,
    converters: String,
    functions: String,
    /// The functions of each class, and the class's name here.
    classes: Vec<(String, String, String)>,
    /// The names in use: those of the glue itself, and of each class.
    used: HashSet<(Option<String>, String)>,
    /// The package's own types, by whose names values are told apart where a hint does not say which it is.
    types: Vec<Lowered>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    In,
    Out,
}

/// A function in the glue.
pub(super) struct Function<'f> {
    pub(super) name: &'f str,
    /// The class that it is in, if it is.
    pub(super) class: Option<&'f str>,
    /// The function is a method: its first argument is the instance, with this converter.
    pub(super) receiver: Option<Option<String>>,
    /// What it calls: a path from the module, or the name of a method.
    pub(super) called: &'f str,
    /// It reads an attribute.
    pub(super) is_property: bool,
    /// It sets one, to its only parameter.
    pub(super) is_setter: bool,
    pub(super) parameters: &'f [Parameter<'f>],
    pub(super) outward: Option<String>,
}

/// A parameter in the glue.
pub(super) struct Parameter<'p> {
    pub(super) name: &'p str,
    pub(super) kind: ParameterKind,
    pub(super) is_optional: bool,
    pub(super) convert: Option<String>,
}

/// What the glue itself uses by name, which no function of the file may hide. Its own names begin with `_`.
const USED: [&str; 22] = [
    "BaseException",
    "TypeError",
    "complex",
    "datetime",
    "decimal",
    "dict",
    "fractions",
    "frozenset",
    "getattr",
    "hasattr",
    "importlib",
    "inspect",
    "isinstance",
    "iter",
    "len",
    "list",
    "numpy",
    "object",
    "str",
    "tuple",
    "type",
    "uuid",
];

/// Functions that a glue may begin with: name and text.
const PRELUDE: [(&str, &str); 8] = [
    (
        // By name, as in Rust: the class may have been loaded twice.
        "_member(",
        r#"

def _member(value, kind):
    own = type(value)
    if isinstance(value, kind) or (own.__name__ == kind.__name__ and hasattr(own, "__members__")):
        return value._name_
    raise TypeError("expected %s, got %r" % (kind.__name__, value))
"#,
    ),
    (
        // As it closes a generator, so that one is closed which it reads; a file stays open for others.
        "_items(",
        r#"

def _items(value, convert):
    iterator = iter(value)
    try:
        for item in iterator:
            yield convert(item)
    finally:
        kind = type(iterator)
        if hasattr(kind, "close") and hasattr(kind, "throw"):
            iterator.close()
"#,
    ),
    (
        // A context that was entered is left, also if what it returned is of another type.
        "_entered(",
        r#"

def _entered(context, convert):
    entered = context.__enter__()
    try:
        return convert(entered)
    except BaseException as error:
        context.__exit__(type(error), error, error.__traceback__)
        raise
"#,
    ),
    (
        // A Go value of the package's types is marked with its name where any value may be.
        "_recognise(",
        r#"

def _recognise(value):
    kind = type(value)
    if kind is tuple:
        if len(value) == 2 and type(value[0]) is str and value[0] in _MARKS:
            return _MARKS[value[0]](value[1])
        return tuple([_recognise(item) for item in value])
    if kind is list:
        return [_recognise(item) for item in value]
    if kind is dict:
        return {_recognise(key): _recognise(item) for key, item in value.items()}
    return value
"#,
    ),
    (
        // The same for what Python returns.
        "_told(",
        r#"

def _told(value):
    if isinstance(value, _OWN):
        kinds = [kind for kind in _OWN if type(value) is kind] or [kind for kind in _OWN if isinstance(value, kind)]
        name, convert = _KINDS[kinds[0]]
        return name, convert(value)
    kind = type(value)
    if kind is list:
        return [_told(item) for item in value]
    if kind is tuple:
        return tuple([_told(item) for item in value])
    if kind is dict:
        return {_told(key): _told(item) for key, item in value.items()}
    return value
"#,
    ),
    // Go's slices of numbers are arrays in Python, unless they are said to be lists. A list was made for the call.
    (
        "_list(",
        r#"

def _list(value):
    if type(value) is list:
        return value
    return value.tolist() if hasattr(value, "tolist") else list(value)
"#,
    ),
    (
        // Python sorts options into positional ones, which Go passes by name.
        "_place(",
        r#"

def _place(function, given, only, before, star, options):
    """Adds to the positional arguments what can be given by position only."""
    import inspect

    names = list(before if star else only)
    while names and not star and names[-1] not in options:
        names.pop()
    for name in names:
        if name in options:
            given.append(options.pop(name))
        else:
            given.append(inspect.signature(function).parameters[name].default)
    given.extend(star)
"#,
    ),
    (
        "_convert(",
        r#"

def _convert(options, converters):
    for name in options:
        if name in converters:
            options[name] = converters[name](options[name])
"#,
    ),
];

impl Glue {
    pub(super) fn new() -> Glue {
        let (converters, functions) = (String::new(), String::new());
        let (known, classes, types) = (Vec::new(), Vec::new(), Vec::new());
        let used = USED.iter().map(|&name| (None, name.to_owned())).collect();
        Glue { known, converters, functions, classes, used, types }
    }

    /// Reserves a name in a class of the glue, or outside all of them.
    fn unused(&mut self, class: Option<&str>, name: &str) -> String {
        let mut name = name.to_owned();
        if name.starts_with('_') {
            name.insert(0, 'f');
        }
        while !self.used.insert((class.map(str::to_owned), name.clone())) {
            name.push('_');
        }
        name
    }

    /// Returns the place of the functions of a class.
    fn class(&mut self, class: &str) -> usize {
        let known = self.classes.iter().position(|(python, ..)| python == class);
        known.unwrap_or_else(|| {
            let name = self.unused(None, class);
            self.classes.push((class.to_owned(), name, String::new()));
            self.classes.len() - 1
        })
    }

    /// Names the package's own types, before any function is written.
    pub(super) fn recognise(&mut self, types: Vec<Lowered>) {
        self.types = types;
    }

    /// Writes the tables by which values of the package's types are recognised, if they are needed.
    pub(super) fn finish(&mut self, lowering: &mut Lowering<'_>) {
        let needs = |converter: &str| {
            let parts = [&self.functions, &self.converters];
            let classes = self.classes.iter().map(|(.., text)| text);
            parts.into_iter().chain(classes).any(|text| text.contains(converter))
        };
        let (needs_in, needs_out) = (needs("_recognise("), needs("_told("));
        if !needs_in && !needs_out {
            return;
        }
        let (mut inward, mut outward) = (String::new(), String::new());
        for lowered in self.types.clone() {
            let Some(name) = class_of(&lowered) else { continue };
            let (name, is_value) = (name.to_owned(), !matches!(lowered, Lowered::Instance(_)));
            if is_value && needs_in {
                let convert = self.inward(lowering, &lowered).unwrap_or_else(|| "_same".to_owned());
                let _ = write!(inward, "\n    {}: {convert},", python_text(&mark(&name)));
            }
            // A dict, or any object with some methods: nothing tells which of them it is.
            let is_told = |class: &Class| class.kind != ClassKind::TypedDict && !class.is_protocol;
            if needs_out && lowering.module.class(&name).is_some_and(is_told) {
                let convert =
                    self.outward(lowering, &lowered).unwrap_or_else(|| "_same".to_owned());
                let _ = write!(
                    outward,
                    "\n        ({}, {}, {convert}),",
                    python_text(&name),
                    python_text(&mark(&name))
                );
            }
        }
        let _ = write!(
            self.converters,
            "\n\n_MARKS = {{{inward}\n}}\n\n# A stub may have classes that the module has not.\n_KINDS = \
             {{\n    kind: (name, convert)\n    for kind, name, convert in [\n        (getattr(_module, own, \
             None), name, convert)\n        for own, name, convert in [{outward}\n        ]\n    ]\n    if \
             isinstance(kind, type)\n}}\n\n_OWN = tuple(_KINDS)\n\n\ndef _same(value):\n    return value\n"
        );
    }

    /// The package's own types.
    pub(super) fn types(&self) -> &[Lowered] {
        &self.types
    }

    pub(super) fn is_empty(&self) -> bool {
        self.functions.is_empty() && self.classes.is_empty()
    }

    /// Returns the whole text, for a raw string in Go.
    pub(super) fn text(&self, module: &str) -> String {
        let Glue { converters, .. } = self;
        let mut functions = self.functions.clone();
        for (_, class, methods) in &self.classes {
            // A method of a class is called with the instance as any other argument.
            let _ =
                write!(functions, "\n\nclass {class}:\n{}\n", indented(methods.trim_matches('\n')));
        }
        let mut text = format!(
            "import importlib\n\n_module = importlib.import_module({})\n",
            python_text(module)
        );
        for (name, helper) in PRELUDE {
            if converters.contains(name) || functions.contains(name) {
                text.push_str(helper);
            }
        }
        text + converters + &functions
    }

    /// Returns the name of the converter from Go's value to Python's; none if none is needed.
    pub(super) fn inward(
        &mut self,
        lowering: &mut Lowering<'_>,
        lowered: &Lowered,
    ) -> Option<String> {
        self.converter(Way::In, lowering, lowered)
    }

    /// Returns the name of the converter from Python's value to Go's; none if none is needed.
    pub(super) fn outward(
        &mut self,
        lowering: &mut Lowering<'_>,
        lowered: &Lowered,
    ) -> Option<String> {
        self.converter(Way::Out, lowering, lowered)
    }

    fn converter(
        &mut self,
        way: Way,
        lowering: &mut Lowering<'_>,
        lowered: &Lowered,
    ) -> Option<String> {
        if let Some((.., name)) = self.known.iter().find(|(w, r, _)| *w == way && r == lowered) {
            return name.clone();
        }
        let name = format!("_{}{}", if way == Way::In { "in" } else { "out" }, self.known.len());
        // Stored before its parts are converted, since a class may contain itself.
        let at = self.known.len();
        self.known.push((way, lowered.clone(), Some(name.clone())));
        match self.body(way, lowering, lowered) {
            Some(body) => {
                let _ = write!(self.converters, "\n\ndef {name}(value):\n    {body}\n");
                Some(name)
            }
            None => {
                self.known[at].2 = None;
                None
            }
        }
    }

    fn body(&mut self, way: Way, lowering: &mut Lowering<'_>, lowered: &Lowered) -> Option<String> {
        let has_types = !self.types.is_empty();
        let is_list = match lowered {
            Lowered::Dict(key, _) => key_of(lowering, key) == Key::None,
            _ => false,
        };
        let mut part = |this: &mut Self, lowered: &Lowered| this.converter(way, lowering, lowered);
        let apply = |convert: &Option<String>, value: &str| match convert {
            Some(convert) => format!("{convert}({value})"),
            None => value.to_owned(),
        };
        match (lowered, way) {
            (Lowered::Union(_) | Lowered::Object { .. }, way) if has_types => Some(match way {
                Way::In => "return _recognise(value)".into(),
                Way::Out => "return _told(value)".into(),
            }),
            (Lowered::Complex, Way::In) => Some("return complex(value)".into()),
            // C has no kind for it, and an array of one element can cross.
            (Lowered::Complex, Way::Out) => {
                Some("import numpy\n    return numpy.array(value, \"complex128\")".into())
            }
            (Lowered::Path, Way::In) => {
                Some("import pathlib\n    return pathlib.Path(value)".into())
            }
            (Lowered::Path, Way::Out) => Some("return str(value)".into()),
            (Lowered::Items(_), Way::In) => Some("return iter(value)".into()),
            // An iterator, also of what C has a kind for.
            (Lowered::Items(item), Way::Out) => Some(match part(self, item) {
                Some(convert) => format!("return _items(value, {convert})"),
                None => "return iter(value)".into(),
            }),
            (Lowered::Known(known), way) => known_body(*known, way),
            (Lowered::Scalar(dtype), way) => {
                let Meaning::Number(number) = Meaning::of(*dtype) else { return None };
                match way {
                    Way::In => Some(format!(
                        "import numpy\n    return numpy.dtype(\"{}\").type(value)",
                        number.numpy
                    )),
                    // A complex number has no kind in C, so it is an array without axes.
                    Way::Out if number.kind == NumberKind::Complex => {
                        Some("import numpy\n    return numpy.array(value)".into())
                    }
                    Way::Out => None,
                }
            }
            (Lowered::List { item, iterable }, way) => {
                let convert = part(self, item);
                let is_number = matches!(
                    **item,
                    Lowered::Bool
                        | Lowered::Int
                        | Lowered::Float
                        | Lowered::Complex
                        | Lowered::Scalar(_)
                );
                match (convert, way) {
                    (Some(convert), Way::In) => {
                        Some(format!("return [{convert}(item) for item in _list(value)]"))
                    }
                    (Some(convert), Way::Out) => {
                        Some(format!("return [{convert}(item) for item in value]"))
                    }
                    (None, Way::In) if is_number => Some("return _list(value)".into()),
                    (None, Way::Out) if *iterable => Some("return list(value)".into()),
                    _ => None,
                }
            }
            (Lowered::VariadicTuple(item), way) => {
                let convert = part(self, item);
                match way {
                    Way::In => {
                        let item = apply(&convert, "item");
                        Some(format!("return tuple({item} for item in _list(value))"))
                    }
                    Way::Out => {
                        convert.map(|convert| format!("return [{convert}(item) for item in value]"))
                    }
                }
            }
            (Lowered::Set { item, frozen }, way) => {
                let item = apply(&part(self, item), "item");
                match way {
                    Way::In if *frozen => {
                        Some(format!("return frozenset({item} for item in _list(value))"))
                    }
                    Way::In => Some(format!("return {{{item} for item in _list(value)}}")),
                    Way::Out => Some(format!("return [{item} for item in value]")),
                }
            }
            (Lowered::Dict(key, value), way) => {
                let (key, value) = (part(self, key), part(self, value));
                if key.is_none() && value.is_none() && !is_list {
                    return None;
                }
                let (key, value) = (apply(&key, "key"), apply(&value, "item"));
                if is_list {
                    return Some(match way {
                        Way::In => format!("return {{{key}: {value} for key, item in value}}"),
                        Way::Out => {
                            format!("return [({key}, {value}) for key, item in value.items()]")
                        }
                    });
                }
                Some(format!("return {{{key}: {value} for key, item in value.items()}}"))
            }
            (Lowered::Tuple(items), _) => {
                let converts: Vec<_> = items.iter().map(|item| part(self, item)).collect();
                if converts.iter().all(Option::is_none) {
                    return None;
                }
                let items = converts
                    .iter()
                    .enumerate()
                    .map(|(index, convert)| apply(convert, &format!("value[{index}]")))
                    .fold(String::new(), |all, item| all + &item + ", ");
                Some(format!("return ({items})"))
            }
            (Lowered::Optional(inner), _) => part(self, inner)
                .map(|convert| format!("return None if value is None else {convert}(value)")),
            // By its name: values may be anything, and are the file's affair.
            (Lowered::Enum(name), Way::In) => Some(format!("return _module.{name}[value]")),
            (Lowered::Enum(name), Way::Out) => {
                Some(format!("return _member(value, _module.{name})"))
            }
            // Go's type for it is a struct around the object.
            (Lowered::Instance(name), Way::Out) if !is_plain_in_c(lowering, name) => {
                // As it is in Go: the struct of a base contains the object, and that of a class its base's.
                let depth = bases(lowering, name).len();
                Some(format!("return {}value{}", "(".repeat(depth + 1), ",)".repeat(depth + 1)))
            }
            (Lowered::Struct(name), way) => {
                let name = name.clone();
                Some(self.structure(way, lowering, &name))
            }
            _ => None,
        }
    }

    fn structure(&mut self, way: Way, lowering: &mut Lowering<'_>, name: &str) -> String {
        let Some(class) = lowering.module.class(name) else { return "return value".into() };
        let is_dict = class.kind == ClassKind::TypedDict;
        let fields = lowering.fields(name);
        let converts: Vec<_> =
            fields.iter().map(|(_, lowered)| self.converter(way, lowering, lowered)).collect();
        let fields =
            fields.iter().zip(converts).enumerate().map(|(index, ((field, _), convert))| {
                let apply = |value: String| match &convert {
                    Some(convert) => format!("{convert}({value})"),
                    None => value,
                };
                (index, *field, apply(format!("value[{index}]")), convert.clone())
            });
        match (way, is_dict) {
            (Way::In, false) => {
                let (mut arguments, mut sets) = (Vec::new(), String::new());
                for (_, field, value, _) in fields {
                    let key = field.alias.as_ref().unwrap_or(&field.name);
                    match field.in_init {
                        true => arguments.push(format!("{}: {value}", python_text(key))),
                        // In frozen classes too.
                        false => {
                            let _ = write!(
                                sets,
                                "\n    object.__setattr__(made, {}, {value})",
                                python_text(&field.name)
                            );
                        }
                    }
                }
                let made = format!("_module.{name}(**{{{}}})", arguments.join(", "));
                match sets.is_empty() {
                    true => format!("return {made}"),
                    false => format!("made = {made}{sets}\n    return made"),
                }
            }
            (Way::In, true) => {
                fields.fold("made = {}\n".to_owned(), |mut body, (index, field, value, _)| {
                    let key = python_text(&field.name);
                    // A missing key is not the same as one that is None (PEP 655).
                    let _ = match field.required {
                        true => writeln!(body, "    made[{key}] = {value}"),
                        false => writeln!(
                            body,
                            "    if value[{index}] is not None:\n        made[{key}] = {value}"
                        ),
                    };
                    body
                }) + "    return made"
            }
            (Way::Out, _) => {
                let items = fields.fold(String::new(), |all, (_, field, _, convert)| {
                    let item = match (is_dict, field.required) {
                        (false, _) if is_writable(&field.name) => format!("value.{}", field.name),
                        (false, _) => format!("getattr(value, {})", python_text(&field.name)),
                        (true, true) => format!("value[{}]", python_text(&field.name)),
                        (true, false) => format!("value.get({})", python_text(&field.name)),
                    };
                    let item = convert.map_or(item.clone(), |convert| format!("{convert}({item})"));
                    all + &item + ", "
                });
                format!("return ({items})")
            }
        }
    }

    /// Writes a function that Go calls instead of the file's own: required arguments are positional, in
    /// the file's order, the others are keyword arguments. Returns its path.
    pub(super) fn function(&mut self, function: &Function<'_>) -> String {
        let Function { parameters, outward, .. } = function;
        let name = self.unused(function.class, function.name);
        let mut written = String::new();
        let text = &mut written;
        let required: Vec<(usize, &Parameter<'_>)> =
            parameters.iter().enumerate().filter(|(_, one)| !one.is_optional).collect();
        let receiver = function.receiver.as_ref().map(|_| "_self".to_owned());
        let mut head: Vec<String> = receiver.into_iter().collect();
        head.extend(required.iter().map(|(index, _)| format!("_{index}")));
        head.push("**options".into());
        let called = match &function.receiver {
            None => function.called.to_owned(),
            Some(None) => format!("_self.{}", function.called),
            Some(Some(convert)) => format!("{convert}(_self).{}", function.called),
        };
        let _ = writeln!(text, "\n\ndef {name}({}):", head.join(", "));
        let converters: String = parameters
            .iter()
            .filter(|one| one.is_optional)
            .filter_map(|one| {
                Some(format!("{}: {}, ", python_text(one.name), one.convert.as_ref()?))
            })
            .collect();
        if !converters.is_empty() {
            let _ = writeln!(text, "    _convert(options, {{{converters}}})");
        }
        let (mut given, mut star) = (String::new(), "()".to_owned());
        let (mut by_name, mut only, mut before) = (String::new(), String::new(), String::new());
        for (index, one) in parameters.iter().enumerate() {
            let value = match &one.convert {
                Some(convert) => format!("{convert}(_{index})"),
                None => format!("_{index}"),
            };
            let key = python_text(one.name);
            match one.kind {
                ParameterKind::VarPositional => {
                    star = match &one.convert {
                        Some(convert) => format!("[{convert}(item) for item in _list(_{index})]"),
                        None => format!("_list(_{index})"),
                    };
                }
                ParameterKind::VarKeyword => {
                    let item = one.convert.as_ref().map_or("item".into(), |c| format!("{c}(item)"));
                    let _ = writeln!(
                        text,
                        "    options.update({{key: {item} for key, item in _{index}.items()}})"
                    );
                }
                ParameterKind::KeywordOnly if !one.is_optional => {
                    let _ = match is_writable(one.name) {
                        true => write!(by_name, ", {}={value}", one.name),
                        false => write!(by_name, ", **{{{key}: {value}}}"),
                    };
                }
                ParameterKind::KeywordOnly => {}
                kind if one.is_optional => {
                    let _ = write!(before, "{key}, ");
                    if kind == ParameterKind::PositionalOnly {
                        let _ = write!(only, "{key}, ");
                    }
                }
                _ => {
                    let _ = write!(given, "{value}, ");
                }
            }
        }
        let call = if before.is_empty() && star == "()" {
            format!("{called}({given}{}**options)", by_name_first(&by_name))
        } else {
            let _ = writeln!(
                text,
                "    called = {called}\n    given = [{given}]\n    _place(called, given, ({only}), \
                 ({before}), {star}, options)"
            );
            format!("called(*given{by_name}, **options)")
        };
        if function.is_setter {
            let value = parameters.iter().map(|one| match &one.convert {
                Some(convert) => format!("{convert}(_0)"),
                None => "_0".to_owned(),
            });
            let _ = writeln!(text, "    {called} = {}", value.collect::<String>());
        }
        let call = if function.is_property { called } else { call };
        let _ = match outward {
            _ if function.is_setter => Ok(()),
            Some(convert) => writeln!(text, "    return {convert}({call})"),
            None => writeln!(text, "    return {call}"),
        };
        match function.class {
            None => {
                self.functions.push_str(&written);
                name
            }
            Some(class) => {
                let at = self.class(class);
                self.classes[at].2.push_str(&written);
                format!("{}.{name}", self.classes[at].1)
            }
        }
    }

    /// Writes the function that enters a context manager, and returns its path.
    pub(super) fn context(&mut self, class: &str, outward: Option<&str>) -> String {
        let enter = self.unused(Some(class), "enter");
        let at = self.class(class);
        let (_, name, text) = &mut self.classes[at];
        let entered = match outward {
            Some(convert) => format!("_entered(_self, {convert})"),
            None => "_self.__enter__()".to_owned(),
        };
        text.push_str(&format!("\n\ndef {enter}(_self):\n    return {entered}\n"));
        format!("{name}.{enter}")
    }
}

/// Whether a name can be written as it is: it is an identifier, and no keyword.
fn is_writable(name: &str) -> bool {
    let is_letter = |c: char| c == '_' || unicode_ident::is_xid_start(c);
    name.starts_with(is_letter)
        && name.chars().all(|c| c == '_' || unicode_ident::is_xid_continue(c))
        && !is_keyword(name)
}

/// Converts an instance of a known class: a length of time is its nanoseconds, a number or a name its text.
fn known_body(known: Known, way: Way) -> Option<String> {
    let (module, class) = match known {
        // Go's times are datetimes.
        Known::Date => {
            let body = match way {
                Way::In => "return value.date()",
                // A datetime is a date in Python, whose time would be lost.
                Way::Out => {
                    "import datetime\n    if not isinstance(value, datetime.date) or isinstance(value, \
                     datetime.datetime):\n        fix = \" (use .date())\" if hasattr(value, \"date\") else \
                     \"\"\n        raise TypeError(\"expected a date, got %r%s\" % (value, fix))\n    return \
                     datetime.datetime(value.year, value.month, value.day)"
                }
            };
            return Some(body.to_owned());
        }
        Known::Timedelta => {
            // In integers, since a float has not all of its digits. A pandas.Timedelta has nanoseconds, too.
            let body = match way {
                Way::In => {
                    "import datetime\n    return datetime.timedelta(microseconds=value // 1000)"
                }
                Way::Out => {
                    "import datetime\n    micros = value // datetime.timedelta(microseconds=1)\n    return \
                     micros * 1000 + getattr(value, \"nanoseconds\", 0)"
                }
            };
            return Some(body.to_owned());
        }
        Known::Decimal => ("decimal", "Decimal"),
        Known::Fraction => ("fractions", "Fraction"),
        Known::Uuid => ("uuid", "UUID"),
        _ => return None,
    };
    Some(match way {
        Way::In => format!("import {module}\n    return {module}.{class}(value)"),
        Way::Out => "return str(value)".to_owned(),
    })
}

/// The class that a type of the package stands for.
pub(super) fn class_of(lowered: &Lowered) -> Option<&str> {
    match lowered {
        Lowered::Struct(name) | Lowered::Enum(name) | Lowered::Instance(name) => Some(name),
        _ => None,
    }
}

/// How a value of a class is marked.
pub(super) fn mark(class: &str) -> String {
    format!("callpy:{class}")
}

fn indented(text: &str) -> String {
    let line = |line: &str| if line.is_empty() { String::new() } else { format!("    {line}") };
    text.replace("\n\n\n", "\n\n").lines().map(line).collect::<Vec<_>>().join("\n")
}

fn by_name_first(by_name: &str) -> String {
    match by_name.strip_prefix(", ") {
        Some(rest) => format!("{rest}, "),
        None => String::new(),
    }
}

/// Writes a text in Python's quotes, without the back quotes that would end Go's raw string.
fn python_text(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '`' => quoted.push_str("\\x60"),
            '\n' => quoted.push_str("\\n"),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_glue_calls_is_reserved() {
        for (_, text) in PRELUDE {
            for (at, _) in text.match_indices('(') {
                let before = text[..at].trim_end_matches(|c: char| c == '_' || c.is_alphanumeric());
                let name = &text[before.len()..at];
                // Its own functions, methods, parameters, and brackets after words.
                let is_other = name.starts_with('_') || before.ends_with('.') || name.is_empty();
                let is_known = USED.contains(&name) || matches!(name, "convert" | "and");
                assert!(is_other || is_known || text.contains(&format!("def {name}")), "{name}");
            }
        }
    }
}
