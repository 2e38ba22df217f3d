//! Decides once, for all languages, what becomes of a class's methods.

use std::borrow::Cow;
use std::collections::HashSet;

use callpy_signature::{
    Class, ClassKind, Field, FieldKind, Function, Module, Parameter, Role, Type,
};

use crate::lower::{ClassShape, Lowering, base_of, shape_of};
use crate::neighbours::Inherited;
use crate::report::reason_to_leave_out;

/// Something of a class that can be called.
#[derive(Debug, Clone)]
pub(crate) struct Method<'m> {
    pub(crate) function: Cow<'m, Function>,
    /// The parameters of a call, without `self`.
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) kind: MethodKind,
    /// The name in other languages: `item` for `__getitem__`.
    pub(crate) name: String,
    /// `Class.method`, or `Class` for its constructor.
    pub(crate) path: String,
    /// Why there is none in other languages.
    pub(crate) left_out: Option<String>,
    /// The neighbour that declares it, if it is inherited.
    pub(crate) file: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MethodKind {
    Constructor,
    /// A static method, or a class method.
    Static,
    Method,
    /// Read like an attribute.
    Property,
    /// `__enter__`, of a context manager.
    Enter,
}

/// The methods with names of their own in other languages, and those names. Objects have the same where
/// the library has them.
const SPECIAL: [(&str, &str); 8] = [
    ("__call__", "call"),
    ("__iter__", "iter"),
    ("__getitem__", "item"),
    ("__setitem__", "set_item"),
    ("__delitem__", "del_item"),
    ("__contains__", "contains"),
    ("__len__", "len"),
    ("__enter__", "with"),
];

/// Returns the public methods of a class, and the reasons for those that are left out. `skip` names what
/// the caller does not want.
pub(crate) fn methods<'m>(
    lowering: &mut Lowering<'m>,
    class: &'m Class,
    skip: &[String],
) -> Vec<Method<'m>> {
    let module = lowering.module;
    let mut found = Vec::new();
    let is_instance = shape_of(class) == ClassShape::Instance;
    if is_instance && !class.is_protocol && class.abstract_methods.is_empty() {
        found.extend(constructor(lowering, class).or_else(|| unknown_constructor(class)));
    }
    let mut functions = collect(module, class);
    let mut files = vec![None; functions.len()];
    // What a base in this file inherits, its own type has, except for class and static methods.
    let base = base_of(module, class);
    for name in class.unknown_bases.iter().filter(|_| is_instance) {
        let is_of_base = base.is_some_and(|base| base.unknown_bases.contains(name));
        for Inherited { mut function, file } in lowering.neighbours.base(name) {
            let is_static = matches!(function.role(), Role::Static | Role::Class);
            let is_known = functions.iter().any(|known| known.name == function.name);
            let is_self = itself(&mut function, class);
            if !is_known && (!is_of_base || is_static || is_self) {
                functions.push(Cow::Owned(function));
                files.push(Some(file));
            }
        }
    }
    found.extend(functions.into_iter().zip(files).filter_map(|(function, file)| {
        method(module, class, function).map(|method| Method { file, ..method })
    }));
    found.retain(|method| !skip.contains(&method.path));
    found
}

/// Returns the fields of an instance as properties, without those that have the names of methods, and without
/// those that the type of its base has or the caller does not want.
pub(crate) fn fields<'m>(
    module: &'m Module,
    class: &'m Class,
    known: &[Method<'_>],
    skip: &[String],
) -> Vec<(&'m Field, Method<'m>)> {
    let base = base_of(module, class);
    let of_base = base.map(|base| module.resolution_order(base)).unwrap_or_default();
    let mut fields: Vec<&Field> = Vec::new();
    let own = module.resolution_order(class).into_iter();
    let own = own.filter(|own| of_base.iter().all(|base| base.name != own.name));
    let attributes =
        own.flat_map(|own| &own.attributes).map(|it| (it, it.kind == FieldKind::Stored));
    let is_settable = match class.kind {
        ClassKind::Dataclass { frozen, .. } | ClassKind::Attrs { frozen, .. } => !frozen,
        ClassKind::Model { .. } => true,
        _ => false,
    };
    let stored = class.fields.iter().filter(|field| field.kind == FieldKind::Stored);
    let stored = stored.map(|field| (field, is_settable));
    let mut found = Vec::new();
    for (field, is_settable) in stored.chain(attributes) {
        let is_again = fields.iter().any(|earlier| earlier.name == field.name)
            || known.iter().any(|method| method.function.name == field.name);
        if is_again || field.name.starts_with('_') {
            continue;
        }
        fields.push(field);
        let path = format!("{}.{}", class.name, field.name);
        if skip.contains(&path) {
            continue;
        }
        let mut getter = Module::getter(class, field);
        getter.is_settable = is_settable;
        // Without a hint it may be anything.
        let hinted = getter.returns.as_ref();
        let left_out = hinted.and_then(|_| reason_to_leave_out(&getter, &[], true));
        let method = Method {
            function: Cow::Owned(getter),
            parameters: Vec::new(),
            kind: MethodKind::Property,
            name: field.name.clone(),
            path,
            left_out,
            file: None,
        };
        found.push((field, method));
    }
    found
}

/// Has an inherited method return the class that inherits it, if its hint is `Self`. Returns whether it is.
fn itself(function: &mut Function, class: &Class) -> bool {
    if let Some(own) = of_itself(function, class, class) {
        *function = own;
        return true;
    }
    let hint = function.returns.as_mut().filter(|hint| hint.source == "Self");
    hint.map(|hint| hint.ty = Type::Class { name: class.name.clone(), arguments: Vec::new() })
        .is_some()
}

/// Returns the public methods and properties of the instances of a neighbour's class.
pub(crate) fn methods_of_instances(
    lowering: &mut Lowering<'_>,
    class: &Class,
    inherited: Vec<Inherited>,
) -> Vec<Method<'static>> {
    let module = lowering.module;
    let functions = inherited.into_iter().filter(|Inherited { function, .. }| {
        !matches!(function.role(), Role::Static | Role::Class) && function.name != "__enter__"
    });
    functions
        .filter_map(|Inherited { function, file }| {
            let method = method(module, class, Cow::Owned(function))?;
            Some(Method { file: Some(file), ..method })
        })
        .collect()
}

fn constructor<'m>(lowering: &mut Lowering<'m>, class: &'m Class) -> Option<Method<'m>> {
    let module = lowering.module;
    let mut file = None;
    let function = match module.constructor(class) {
        Some(mut function) => {
            // The fields of a neighbour's class come before its own.
            let is_of_fields = class.kind != ClassKind::Plain && class.method("__init__").is_none();
            for base in class.unknown_bases.iter().filter(|_| is_of_fields) {
                if let Some((Inherited { function: of_base, .. }, true)) =
                    lowering.neighbours.constructor(base)
                {
                    let own = std::mem::replace(&mut function.parameters, of_base.parameters);
                    for parameter in own {
                        let mut known = function.parameters.iter_mut();
                        match known.find(|known| known.name == parameter.name) {
                            Some(known) => *known = parameter,
                            None => function.parameters.push(parameter),
                        }
                    }
                }
            }
            function
        }
        None if class.kind == ClassKind::Plain && !class.has_metaclass => {
            let [base] = &class.unknown_bases[..] else { return None };
            let (inherited, _) = lowering.neighbours.constructor(base)?;
            file = Some(inherited.file);
            inherited.function
        }
        None => return None,
    };
    // The model has them without `self` already.
    let parameters = module.call_parameters(&function);
    let left_out = reason_to_leave_out(&function, &parameters, true);
    Some(Method {
        function: Cow::Owned(function),
        parameters,
        kind: MethodKind::Constructor,
        name: "new".to_owned(),
        path: class.name.clone(),
        left_out,
        file,
    })
}

/// Returns the constructor of a class that has one elsewhere, with the reason why it is left out.
fn unknown_constructor<'m>(class: &Class) -> Option<Method<'m>> {
    let reason = match class.unknown_bases.first() {
        _ if class.method("__init__").is_some() => return None,
        _ if class.has_metaclass => {
            "its metaclass decides what a call of the class does".to_owned()
        }
        Some(base) => format!("its constructor may be that of {base}, which is not known here"),
        None => return None,
    };
    Some(Method {
        function: Cow::Owned(Module::generated(class)),
        parameters: Vec::new(),
        kind: MethodKind::Constructor,
        name: "new".to_owned(),
        path: class.name.clone(),
        left_out: Some(reason),
        file: None,
    })
}

/// Returns the functions of a class and of its bases in this file, each from the class in which Python finds it,
/// except for those that the type of a base has already. An instance has the methods of its base's type, but
/// the type itself has not.
fn collect<'m>(module: &'m Module, of: &'m Class) -> Vec<Cow<'m, Function>> {
    let of_base = base_of(module, of).map(|base| module.resolution_order(base)).unwrap_or_default();
    let mut found: Vec<Cow<'m, Function>> = Vec::new();
    let mut seen: HashSet<&str> = HashSet::new();
    for class in module.resolution_order(of) {
        for function in &class.methods {
            if !seen.insert(&function.name) {
                continue;
            }
            let is_static = matches!(function.role(), Role::Static | Role::Class);
            let in_base = of_base.iter().find(|base| base.method(&function.name).is_some());
            let is_of_base = in_base.is_some_and(|base| base.name == class.name);
            match of_itself(function, class, of) {
                Some(own) => found.push(Cow::Owned(own)),
                None if is_of_base && !is_static => {}
                None => found.push(Cow::Borrowed(function)),
            }
        }
    }
    for function in &mut found {
        iterates(module, of, function);
    }
    found
}

/// Returns the function with the class in the place of `Self`, and of the variable that its first parameter has
/// as its hint; none if neither is in its result.
fn of_itself(function: &Function, declared: &Class, of: &Class) -> Option<Function> {
    let returns = function.returns.as_ref()?;
    let mut words = returns.source.split(|c: char| !(c.is_alphanumeric() || c == '_'));
    let is_self = declared.name != of.name && words.any(|word| word == "Self");
    let variable = match function.parameters.first()?.hint.as_ref().map(|hint| &hint.ty) {
        _ if function.role() == Role::Static => None,
        Some(Type::TypeVariable { name, .. }) => Some(name),
        Some(Type::Unknown { name, arguments }) if name == "builtins.type" => {
            match &arguments[..] {
                [Type::TypeVariable { name, .. }] => Some(name),
                _ => None,
            }
        }
        _ => None,
    };
    let mut ty = returns.ty.clone();
    let mut is_changed = false;
    let itself = Type::Class { name: of.name.clone(), arguments: Vec::new() };
    ty.replace(&mut |part| {
        let is_one = match part {
            Type::Class { name, .. } => is_self && *name == declared.name,
            Type::TypeVariable { name, .. } => Some(name) == variable,
            _ => false,
        };
        is_changed |= is_one;
        is_one.then(|| itself.clone())
    });
    is_changed.then(|| {
        let mut own = function.clone();
        own.returns.iter_mut().for_each(|returns| returns.ty = ty.clone());
        own
    })
}

/// Has `__iter__` return the items that the `__next__` of the same class returns, where it returns the instance.
fn iterates(module: &Module, of: &Class, function: &mut Cow<'_, Function>) {
    let itself = |ty: &Type| matches!(ty, Type::Class { name, .. } if *name == of.name);
    if function.name != "__iter__" || !function.returns.as_ref().is_some_and(|it| itself(&it.ty)) {
        return;
    }
    let order = module.resolution_order(of);
    let next = order.iter().find_map(|class| class.method("__next__"));
    if let Some(item) = next.and_then(|next| next.returns.as_ref())
        && let Some(returns) = &mut function.to_mut().returns
    {
        let (name, arguments) = ("collections.abc.Iterator".to_owned(), vec![item.ty.clone()]);
        returns.ty = Type::Unknown { name, arguments };
    }
}

fn method<'f>(module: &Module, class: &Class, function: Cow<'f, Function>) -> Option<Method<'f>> {
    let special = SPECIAL.iter().find(|(python, _)| *python == function.name);
    if special.is_none() && function.name.starts_with('_') {
        return None;
    }
    let name = special.map_or(&function.name[..], |(_, name)| name).to_owned();
    let path = format!("{}.{}", class.name, function.name);
    let mut parameters = module.call_parameters(&function);
    let role = function.role();
    if role != Role::Static {
        // Without `self` it can't be called, except with a `*args` that takes it as well.
        let takes_self = parameters.first().is_some_and(|first| {
            matches!(
                first.kind,
                callpy_signature::ParameterKind::PositionalOnly
                    | callpy_signature::ParameterKind::PositionalOrKeyword
            )
        });
        if takes_self {
            parameters.remove(0);
        } else if parameters.is_empty() {
            return None;
        }
    }
    let is_instance = shape_of(class) == ClassShape::Instance;
    let mut left_out = reason_to_leave_out(&function, &parameters, true);
    // Since 3.13 it is the property, which nothing reads.
    let roles: Vec<Role> = function.decorators.iter().filter_map(|it| it.role()).collect();
    if roles.contains(&Role::Class) && roles.contains(&Role::Property) && left_out.is_none() {
        left_out = Some("it is a property of the class itself".to_owned());
    }
    let kind = match role {
        Role::Static | Role::Class => MethodKind::Static,
        Role::Property => {
            // Of a value, which is made for the call, the function behind it is called.
            let is_plain = function.decorators.len() == 1
                && function.decorators[0].name.as_deref() == Some("builtins.property");
            if !is_instance && !is_plain && left_out.is_none() {
                left_out = Some("it is a property that is not computed at each use".to_owned());
            }
            MethodKind::Property
        }
        _ if function.name == "__enter__" && is_instance => MethodKind::Enter,
        _ => MethodKind::Method,
    };
    if kind != MethodKind::Enter && special.is_some() && function.name == "__enter__" {
        return None;
    }
    Some(Method { function, parameters, kind, name, path, left_out, file: None })
}
