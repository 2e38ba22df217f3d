//! Classes: their kinds, fields and members.

mod attrs;
mod dataclass;
mod enumeration;
pub(crate) mod functional;
mod pydantic;
mod tuple_and_dict;

use std::collections::HashMap;

use crate::decorator;
use crate::function::Functions;
use crate::hint::{Hints, Scope};
use crate::model::{
    Class, ClassKind, EnumKind, Field, FieldKind, Function, Module, Parameter, ParameterKind, Type,
};
use crate::names::Resolved;
use crate::parse::clean_docstring;
use crate::syntax::{
    self, Argument, Bytes, Expr, ExprKind, Identifier, Statement, keyword, positional,
};

/// Classes under construction: later definitions replace earlier ones.
#[derive(Default)]
pub(crate) struct Classes {
    pub(crate) done: Vec<Class>,
}

impl Classes {
    pub(crate) fn add(&mut self, hints: &Hints<'_>, class: &syntax::Class, is_conditional: bool) {
        let mut model = self.model(hints, class);
        // `class A(A)`, where the later one takes the name of the one that it extends.
        if model.bases.contains(&model.name) {
            model.bases.retain(|base| *base != model.name);
            if let Some(mut earlier) = self.get(&model.name).cloned() {
                earlier.methods.retain(|method| model.method(&method.name).is_none());
                model.methods.append(&mut earlier.methods);
                model.bases.append(&mut earlier.bases);
            }
        }
        model.is_conditional = is_conditional;
        self.insert(model);
    }

    /// Adds a class that a call creates: `P = namedtuple("P", "x y")`.
    pub(crate) fn add_made(
        &mut self,
        hints: &Hints<'_>,
        name: &Identifier,
        call: &Expr,
        range: &Bytes,
        is_conditional: bool,
    ) {
        let mut class = empty(hints, name, range);
        class.is_conditional = is_conditional;
        functional::fill(hints, call, &mut class);
        self.insert(class);
    }

    fn insert(&mut self, class: Class) {
        match self.done.iter_mut().find(|earlier| earlier.name == class.name) {
            // Which branch runs is not known, so the first definition counts.
            Some(earlier) if class.is_conditional => earlier.is_conditional = true,
            Some(earlier) => *earlier = class,
            None => self.done.push(class),
        }
    }

    fn get(&self, name: &str) -> Option<&Class> {
        self.done.iter().find(|class| class.name == name)
    }

    fn model(&self, hints: &Hints<'_>, class: &syntax::Class) -> Class {
        let mut model = empty(hints, &class.name, &class.range);
        model.docstring = class.docstring.clone();
        let decorator = |expr| decorator::decorator(expr, hints.names, hints.positions);
        model.decorators = class.decorators.iter().map(decorator).collect();
        let nothing = HashMap::new();
        let mut variables = hints.variables(&class.type_parameters, Scope::new(&nothing));
        model.type_parameters = class.type_parameters.iter().map(|it| it.name.clone()).collect();
        // Inside the class, `Self` is the class itself.
        variables.insert(
            "Self".to_owned(),
            Type::Class { name: class.name.text.clone(), arguments: Vec::new() },
        );
        // A class within it comes before one of the file with the same name.
        for statement in &class.body {
            if let Statement::Class(inner) = statement {
                let name = format!("{}.{}", class.name.text, inner.name.text);
                let ty = Type::Unknown { name, arguments: Vec::new() };
                variables.insert(inner.name.text.clone(), ty);
            }
        }
        let bases = self.bases(hints, &class.arguments, &mut model);
        let mut methods = Functions::default();
        crate::module::visit(&class.body, false, &mut |statement, is_conditional| {
            if let Statement::Function(function) = statement {
                methods.add(hints, function, &variables, is_conditional);
            }
        });
        model.methods = methods.finish();
        for statement in &class.body {
            let named = assigned(hints, statement, &model);
            model.methods.extend(named);
        }
        for method in &mut model.methods {
            for parameter in &mut method.parameters {
                mangle(&mut parameter.name, &class.name.text);
            }
        }
        model.has_new = model.method("__new__").is_some();
        let after = ["__post_init__", "__attrs_post_init__"];
        model.has_post_init = after.iter().any(|name| model.method(name).is_some());
        let is_abstract = |method: &&crate::model::Function| {
            let mut names = method.decorators.iter().filter_map(|it| it.name.as_deref());
            names.any(|name| name.starts_with("abc.abstract"))
        };
        model.abstract_methods =
            model.methods.iter().filter(is_abstract).map(|method| method.name.clone()).collect();
        // Fields of bases come first, as in the constructor that Python generates.
        for base in &bases {
            if let Base::Class(base) = base {
                inherit(&mut model, base);
            }
        }
        let scope = Scope::new(&variables);
        let decorated = dataclass::decorator(hints, class);
        match decorated.or_else(|| attrs::decorator(hints, class).map(|(_, arguments)| arguments)) {
            Some(arguments) if decorated.is_some() => {
                dataclass::fill(hints, class, arguments, scope, &mut model);
            }
            Some(_) => attrs::fill(hints, class, scope, &mut model),
            None => match kind(&bases) {
                ClassKind::NamedTuple => {
                    tuple_and_dict::named_tuple(hints, class, scope, &mut model)
                }
                ClassKind::TypedDict => tuple_and_dict::typed_dict(hints, class, scope, &mut model),
                ClassKind::Enum(kind) => enumeration::fill(hints, class, kind, &mut model),
                ClassKind::Model { custom_init } => {
                    model.kind = ClassKind::Model { custom_init };
                    pydantic::fill(hints, class, scope, &mut model);
                }
                // A subclass of a dataclass without the decorator inherits its fields and adds none.
                kind => {
                    model.kind = kind;
                    if let ClassKind::Dataclass { custom_init, .. }
                    | ClassKind::Attrs { custom_init, .. } = &mut model.kind
                    {
                        *custom_init |= dataclass::writes_init(class);
                    }
                    if model.kind == ClassKind::Plain {
                        model.attributes = attributes(hints, class, scope);
                    }
                }
            },
        }
        for field in &mut model.fields {
            // What attrs calls a parameter is the name without the underscores before it.
            let is_private = mangle(&mut field.name, &class.name.text);
            if let (true, Some(alias)) = (is_private, &mut field.alias) {
                *alias = field.name.trim_start_matches('_').to_owned();
            }
        }
        model
    }

    /// The contribution of each base. Bases from other modules are stored in the class.
    fn bases(&self, hints: &Hints<'_>, arguments: &[Argument], into: &mut Class) -> Vec<Base> {
        let mut bases = Vec::new();
        // `class E(str, Enum)`: what comes before `Enum` is the type of its members.
        let mut mixin = EnumKind::Plain;
        let metaclass = keyword(arguments, "metaclass").and_then(Expr::name);
        let metaclass = metaclass.map(|name| hints.names.global(name));
        into.has_metaclass = metaclass.is_some_and(|name| name.as_deref() != Some("abc.ABCMeta"));
        for argument in positional(arguments) {
            let (expr, items) = match &argument.kind {
                ExprKind::Subscript(base, items) => (&**base, &items[..]),
                _ => (argument, &[][..]),
            };
            if let ExprKind::Call(..) = &expr.kind
                && functional::makes_class(expr, hints.names)
            {
                // `class P(namedtuple("P", "x y")):`
                let name = Identifier { text: into.name.clone(), range: expr.range.clone() };
                let mut base = empty(hints, &name, &expr.range);
                functional::fill(hints, expr, &mut base);
                bases.push(Base::Class(Box::new(base)));
                continue;
            }
            let unknown = || hints.positions.text(&expr.range).to_owned();
            match expr.name().map(|name| hints.names.resolve(name)) {
                Some(Resolved::Global(path)) => match path.as_str() {
                    "typing.Generic" | "typing.Protocol" => {
                        into.is_protocol |= path == "typing.Protocol";
                        let names = items.iter().filter_map(Expr::name).map(str::to_owned);
                        into.type_parameters.extend(names);
                    }
                    // These add neither fields nor methods.
                    "builtins.object" | "abc.ABC" => {}
                    "builtins.int" => mixin = EnumKind::Int,
                    "builtins.str" => mixin = EnumKind::Str,
                    "typing.NamedTuple" => bases.push(Base::Kind(ClassKind::NamedTuple)),
                    "typing.TypedDict" => bases.push(Base::Kind(ClassKind::TypedDict)),
                    _ if pydantic::is_base(&path) => {
                        bases.push(Base::Kind(ClassKind::Model { custom_init: false }));
                    }
                    _ => match enumeration::base(&path) {
                        Some(EnumKind::Plain) => {
                            bases.push(Base::Kind(ClassKind::Enum(mixin)));
                        }
                        Some(kind) => bases.push(Base::Kind(ClassKind::Enum(kind))),
                        None => into.unknown_bases.push(path),
                    },
                },
                Some(Resolved::Class(name)) => match self.get(&name) {
                    Some(class) => {
                        into.bases.push(class.name.clone());
                        bases.push(Base::Class(Box::new(class.clone())));
                    }
                    None => into.unknown_bases.push(name),
                },
                _ => into.unknown_bases.push(unknown()),
            }
        }
        // `class C(int):` is not an enum: what it inherits is not known here.
        let is_enum = bases.iter().any(|it| matches!(it.kind(), Some(ClassKind::Enum(_))));
        match mixin {
            EnumKind::Int if !is_enum => into.unknown_bases.push("builtins.int".to_owned()),
            EnumKind::Str if !is_enum => into.unknown_bases.push("builtins.str".to_owned()),
            _ => {}
        }
        bases
    }
}

/// What a base contributes to a class.
enum Base {
    /// Its kind.
    Kind(ClassKind),
    /// A class of the file.
    Class(Box<Class>),
}

impl Base {
    fn kind(&self) -> Option<ClassKind> {
        match self {
            Base::Kind(kind) => Some(*kind),
            Base::Class(class) if class.kind == ClassKind::Plain => None,
            Base::Class(class) => Some(class.kind),
        }
    }
}

/// The kind that bases make a class.
fn kind(bases: &[Base]) -> ClassKind {
    let kinds = || bases.iter().filter_map(Base::kind);
    // A dataclass before `Enum` is the type of its members.
    let is_enum = |kind: &ClassKind| matches!(kind, ClassKind::Enum(_));
    kinds().find(is_enum).or_else(|| kinds().next()).unwrap_or(ClassKind::Plain)
}

/// Changes a private name of a class body as Python does: `__x` becomes `_Class__x`. Returns whether it is one.
fn mangle(name: &mut String, class: &str) -> bool {
    let class = class.trim_start_matches('_');
    let is_private = name.starts_with("__") && !name.ends_with("__") && !class.is_empty();
    if is_private {
        *name = format!("_{class}{name}");
    }
    is_private
}

fn inherit(class: &mut Class, base: &Class) {
    for field in &base.fields {
        put(&mut class.fields, field.clone());
    }
    // A field of theirs may be anywhere, so a class below one has unknown fields too.
    class.unknown_bases.extend(base.unknown_bases.iter().cloned());
    class.has_metaclass |= base.has_metaclass;
    class.has_new |= base.has_new;
    class.has_post_init |= base.has_post_init;
    let is_defined = |name: &&String| class.methods.iter().any(|method| method.name == **name);
    let mut inherited: Vec<String> =
        base.abstract_methods.iter().filter(|name| !is_defined(name)).cloned().collect();
    class.abstract_methods.append(&mut inherited);
}

/// Adds a field. A field that is declared again stays in its place.
fn put(fields: &mut Vec<Field>, field: Field) {
    match fields.iter_mut().find(|earlier| earlier.name == field.name) {
        // As in `dataclasses`, whose dict of fields keeps the order of first insertion.
        Some(earlier) => *earlier = field,
        None => fields.push(field),
    }
}

fn empty(hints: &Hints<'_>, name: &Identifier, range: &Bytes) -> Class {
    Class {
        name_span: hints.positions.span(&name.range),
        span: hints.positions.span(range),
        ..Class::with_methods(&name.text, Vec::new())
    }
}

/// The string literal that follows a statement of a class body.
fn docstring_after(body: &[Statement], at: usize) -> Option<String> {
    match body.get(at + 1)? {
        Statement::Expression(expr) => expr.string().map(clean_docstring),
        _ => None,
    }
}

/// An annotated name of a class body: `x: int = 1`.
struct Annotated<'a> {
    name: &'a Identifier,
    hint: &'a Expr,
    value: Option<&'a Expr>,
    docstring: Option<String>,
}

fn annotated(body: &[Statement]) -> impl Iterator<Item = Annotated<'_>> {
    body.iter().enumerate().filter_map(|(at, statement)| match statement {
        Statement::Assign { targets, annotation: Some(hint), value, .. } => Some(Annotated {
            name: targets.first()?,
            hint,
            value: value.as_ref(),
            docstring: docstring_after(body, at),
        }),
        _ => None,
    })
}

/// The attributes that the body of a plain class declares.
fn attributes(hints: &Hints<'_>, class: &syntax::Class, scope: Scope<'_>) -> Vec<Field> {
    let mut found = Vec::new();
    for it in annotated(&class.body) {
        let mut attribute = tuple_and_dict::field(hints, it.name, Some(hints.hint(it.hint, scope)));
        let qualifiers = qualifiers(hints, it.hint);
        if qualifiers.class_variable || qualifiers.read_only {
            attribute.kind = FieldKind::Constant;
        }
        attribute.default = it.value.map(|value| crate::function::expression(hints, value));
        attribute.docstring = it.docstring;
        put(&mut found, attribute);
    }
    found
}

/// The method that an assignment in the body of a class makes of earlier ones: `size = property(_size)`,
/// `push = append`. Of a lambda and a `partialmethod` there is the name only: they have no hints.
fn assigned(hints: &Hints<'_>, statement: &Statement, class: &Class) -> Option<Function> {
    let Statement::Assign { targets, annotation: None, value: Some(value), .. } = statement else {
        return None;
    };
    let [target] = &targets[..] else { return None };
    let find = |name: &str| class.methods.iter().find(|method| method.name == name);
    let method_of = |expr: &Expr| match &expr.kind {
        ExprKind::Name(name) => find(name).cloned(),
        _ => None,
    };
    if find(&target.text).is_some() {
        return None;
    }
    let unhinted = || {
        let (span, kind) = (hints.positions.span(&value.range), ParameterKind::PositionalOrKeyword);
        let parameters = vec![Parameter::new("self", span, kind, None)];
        Function { parameters, ..Module::generated(class) }
    };
    let named = |mut made: Function| {
        made.name = target.text.clone();
        made.name_span = hints.positions.span(&target.range);
        made
    };
    let made = match &value.kind {
        ExprKind::Call(callee, arguments) => {
            let role = decorator::decorator(callee, hints.names, hints.positions);
            match role.name.as_deref() {
                Some("builtins.property" | "builtins.staticmethod" | "builtins.classmethod") => {}
                Some("functools.partialmethod") => return Some(named(unhinted())),
                _ => return None,
            }
            let argument = |at: usize, name: &str| {
                positional(arguments).nth(at).or_else(|| keyword(arguments, name))
            };
            let mut made = method_of(argument(0, "fget")?)?;
            made.is_settable = argument(1, "fset").and_then(method_of).is_some();
            made.decorators.insert(0, role);
            made
        }
        ExprKind::Other if hints.positions.text(&value.range).starts_with("lambda") => unhinted(),
        _ => method_of(value)?,
    };
    Some(named(made))
}

/// Qualifiers of a field around its type: `Required[int]`, `InitVar[int]`, …
#[derive(Default)]
struct Qualifiers {
    required: Option<bool>,
    class_variable: bool,
    init_only: bool,
    /// `Final` and `ReadOnly`.
    read_only: bool,
}

/// Removes the qualifiers from a field's hint.
fn qualifiers(hints: &Hints<'_>, hint: &Expr) -> Qualifiers {
    let mut found = Qualifiers::default();
    let mut hint = match hint.string() {
        Some(text) => crate::parse::hint(text).unwrap_or_else(|| hint.clone()),
        None => hint.clone(),
    };
    loop {
        let (base, inner) = match hint.kind {
            ExprKind::Subscript(base, items) => (*base, items.into_iter().next()),
            _ => (hint, None),
        };
        let name = base.name().and_then(|name| hints.names.global(name));
        match name.as_deref() {
            Some("typing.Required") => found.required = Some(true),
            Some("typing.NotRequired") => found.required = Some(false),
            Some("typing.ClassVar") => found.class_variable = true,
            Some("dataclasses.InitVar") => found.init_only = true,
            // They say nothing of the field itself, and may stand around those that do.
            Some("typing.Final" | "typing.ReadOnly") => found.read_only = true,
            Some("typing.Annotated") => {}
            _ => return found,
        }
        match inner {
            Some(inner) => hint = inner,
            None => return found,
        }
    }
}
