//! Writes structs for classes whose instances stay Python objects, and the methods of all classes.
//!
//! A struct leads to that of its base by `Deref`, as `web-sys` has it for JavaScript's classes, and in the end
//! to `callpy::Object`: so it has the methods of its bases, and can be passed wherever one of them can.

use std::collections::HashSet;

use callpy_signature::{Class, ClassKind};
use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::class::docs;
use super::doc;
use super::function::{Callable, Kind, Property, property};
use super::types::Writer;
use crate::Input;
use crate::lower::{ClassShape, Handle, Lowering, base_of, shape_of};
use crate::methods::{Method, MethodKind, fields, methods_of_instances};
use crate::names::{ident, plain, unique, unused};
use crate::neighbours::Inherited;
use crate::python::declaration;

/// Writes the struct of a class, without its methods.
pub(crate) fn structure(
    lowering: &mut Lowering<'_>,
    callpy: &TokenStream,
    class: &Class,
    file: &str,
) -> TokenStream {
    let name = lowering.type_ident(&class.name);
    let base = base_of(lowering.module, class).map(|base| lowering.type_ident(&base.name));
    let docs = docs(class, file);
    let class_name = &class.name;
    let check = match class.is_protocol {
        true => quote!(),
        false => quote! {
            static __CLASS: #callpy::generated::Class =
                #callpy::generated::Class::new(&__MODULE, #class_name);
            __CLASS.check(&__object, __scope)?;
        },
    };
    object(callpy, &docs, &name, base.as_ref(), &check)
}

/// Writes the struct of a class that a neighbour declares.
pub(crate) fn handle(callpy: &TokenStream, handle: &Handle) -> TokenStream {
    let Handle { name, class, file, is_protocol, .. } = handle;
    let name = ident(name);
    let docs = doc::attributes(&format!(
        "An instance of {}, which {} declares.",
        doc::code(class),
        doc::code(file)
    ));
    let check = match is_protocol {
        true => quote!(),
        false => quote!(#callpy::generated::check_class(#class, &__object, __scope)?;),
    };
    object(callpy, &docs, &name, None, &check)
}

/// Writes the methods of a class that a neighbour declares.
pub(crate) fn methods(
    lowering: &mut Lowering<'_>,
    callpy: &TokenStream,
    handle: &Handle,
    methods: Vec<Inherited>,
    input: &Input,
) -> TokenStream {
    let functions = methods.iter().map(|method| method.function.clone()).collect();
    let class = Class::with_methods(&handle.class, functions);
    let methods = methods_of_instances(lowering, &class, methods);
    let (ty, file) = (ident(&handle.name), &handle.file[..]);
    // This file need not have a name for the class, by which its methods would be found.
    let skip = &input.skip[..];
    let writer =
        Methods { callpy, class: &class, ty, file, skip, is_imported: false, is_here: false };
    let usage = |lowering: &mut Lowering<'_>, method: &Method<'_>| {
        input.usages.of(lowering, &method.path, &method.parameters)
    };
    writer.write(lowering, &methods, usage, |_, _| {})
}

fn object(
    callpy: &TokenStream,
    docs: &TokenStream,
    name: &Ident,
    base: Option<&Ident>,
    check: &TokenStream,
) -> TokenStream {
    let target = match base {
        Some(base) => quote!(#base),
        None => quote!(#callpy::Object),
    };
    let (made, object) = match base {
        Some(base) => (quote!(#base::__of(__object)), quote!(self.__base.__into())),
        None => (quote!(__object), quote!(self.__base)),
    };
    quote! {
        #docs
        #[derive(Debug, Clone)]
        pub struct #name {
            __base: #target,
        }
        impl #name {
            fn __of(__object: #callpy::Object) -> Self {
                Self { __base: #made }
            }
            fn __into(self) -> #callpy::Object {
                #object
            }
        }
        impl ::core::ops::Deref for #name {
            type Target = #target;
            fn deref(&self) -> &Self::Target {
                &self.__base
            }
        }
        impl ::core::convert::From<#name> for #callpy::Object {
            fn from(__value: #name) -> Self {
                __value.__into()
            }
        }
        impl<'a> #callpy::IntoPython<'a> for &#name {
            fn into_python(self, __scope: &mut #callpy::Scope<'a>) -> #callpy::Result<#callpy::Object> {
                let __object: &#callpy::Object = self;
                #callpy::IntoPython::into_python(__object, __scope)
            }
        }
        impl<'a> #callpy::IntoPython<'a> for #name {
            fn into_python(self, _: &mut #callpy::Scope<'a>) -> #callpy::Result<#callpy::Object> {
                ::core::result::Result::Ok(self.__into())
            }
        }
        impl #callpy::FromPython for #name {
            fn from_python(
                __object: #callpy::Object,
                __scope: &mut #callpy::Scope<'_>,
            ) -> #callpy::Result<Self> {
                #check
                let __object = <#callpy::Object as #callpy::FromPython>::from_python(__object, __scope)?;
                ::core::result::Result::Ok(Self::__of(__object))
            }
        }
    }
}

/// The methods of a class as Rust writes them.
pub(crate) struct Methods<'w> {
    pub(crate) callpy: &'w TokenStream,
    pub(crate) class: &'w Class,
    /// The class's type.
    pub(crate) ty: Ident,
    pub(crate) file: &'w str,
    /// What the caller does not want.
    pub(crate) skip: &'w [String],
    /// Whether the module is imported, so that its functions may be others than those in the file.
    pub(crate) is_imported: bool,
    /// Whether the module has the class, so that its functions can be compared with those in the file.
    pub(crate) is_here: bool,
}

impl Methods<'_> {
    /// Writes an `impl` with the methods, and the types of their options. `usage` says what each does with
    /// its arguments, `done` takes what is to report of it.
    pub(crate) fn write(
        &self,
        lowering: &mut Lowering<'_>,
        methods: &[Method<'_>],
        mut usage: impl FnMut(&mut Lowering<'_>, &Method<'_>) -> Option<callpy_signature::Usage>,
        mut done: impl FnMut(&mut Lowering<'_>, &Method<'_>),
    ) -> TokenStream {
        let Methods { class, is_imported, .. } = *self;
        let shape = shape_of(class);
        // What the type has already.
        let mut used: HashSet<String> = ["__of", "__into"].map(str::to_owned).into();
        if shape != ClassShape::Instance {
            used.extend(["new", "name"].map(str::to_owned));
        }
        // These take a value as it is, so a call finds them before a method that borrows it.
        used.extend(["into", "try_into"].map(str::to_owned));
        let written: Vec<&Method<'_>> = methods.iter().filter(|it| it.left_out.is_none()).collect();
        let names = unique(written.iter().map(|method| &method.name[..]), &mut used);
        let mut names = names.iter();
        let mut inside = TokenStream::new();
        let mut beside = TokenStream::new();
        for method in methods {
            lowering.untyped.clear();
            if method.left_out.is_none() {
                let Some(name) = names.next() else { continue };
                let usage = usage(lowering, method);
                let may_change = |decorator: &callpy_signature::Decorator| {
                    decorator.effect != callpy_signature::DecoratorEffect::Keeps
                        && decorator.role().is_none()
                };
                let is_other = is_imported || method.function.decorators.iter().any(may_change);
                let check = self.is_here && is_other;
                self.method(
                    lowering,
                    method,
                    name,
                    usage,
                    check,
                    &mut used,
                    &mut inside,
                    &mut beside,
                );
            }
            done(lowering, method);
        }
        if shape == ClassShape::Instance {
            inside.extend(self.fields(lowering, methods, &mut used, done));
        }
        let name = &self.ty;
        match inside.is_empty() {
            true => beside,
            false => quote!(impl #name { #inside } #beside),
        }
    }

    #[expect(clippy::too_many_arguments, reason = "they are the parts of one method")]
    fn method(
        &self,
        lowering: &mut Lowering<'_>,
        method: &Method<'_>,
        name: &Ident,
        usage: Option<callpy_signature::Usage>,
        check: bool,
        used: &mut HashSet<String>,
        inside: &mut TokenStream,
        beside: &mut TokenStream,
    ) {
        let Methods { callpy, class, .. } = *self;
        let file = method.file.as_deref().unwrap_or(self.file);
        let is_instance = shape_of(class) == ClassShape::Instance;
        let class_name = &class.name[..];
        let mut function = method.function.clone();
        let kind = match method.kind {
            // The value is made for the call, of which the property's function is the callable.
            MethodKind::Property if !is_instance => {
                function.to_mut().name.push_str(".fget");
                Kind::OfValue(class_name)
            }
            MethodKind::Property => {
                let lowered = lowering.result(&method.path, function.returns.as_ref());
                let set_by = function.set_by.as_ref();
                let set_by = set_by.map(|value| lowering.parameter(&method.path, value));
                let setter =
                    function.is_settable.then(|| unused(&format!("set_{}", plain(name)), used));
                let text = doc::docstring(function.docstring.as_deref()).unwrap_or_default();
                let line = function.name_span.start.line;
                let docs = format!(
                    "{text}\nThe property {}, line {line} of {}.",
                    doc::code(&method.path),
                    doc::code(file)
                );
                let docs = docs.trim_start_matches('\n').to_owned();
                inside.extend(property(
                    lowering,
                    callpy,
                    &Property {
                        class: class_name,
                        python: &function.name,
                        lowered,
                        set_by,
                        getter: name.clone(),
                        setter,
                        docs,
                    },
                ));
                return;
            }
            MethodKind::Enter => {
                inside.extend(self.context(lowering, method, name));
                return;
            }
            // Objects have it: see `Object::len`.
            MethodKind::Method if function.name == "__len__" && is_instance => return,
            MethodKind::Constructor => Kind::Constructor(class_name),
            MethodKind::Static => Kind::Static(class_name),
            MethodKind::Method if is_instance => Kind::Method(class_name),
            MethodKind::Method => Kind::OfValue(class_name),
        };
        // A class may be replaced by what its metaclass, or `__new__`, makes of a call. A constructor that Python
        // writes is passed all fields by name, whatever it takes by position.
        let is_plain = class.kind == ClassKind::Plain || class.method("__init__").is_some();
        let is_as_written = is_plain && class.method("__new__").is_none();
        let check = check
            && !function.is_only_overloads
            && (method.kind != MethodKind::Constructor || is_as_written);
        let callable = Callable {
            function: &function,
            parameters: method.parameters.clone(),
            kind,
            owner: Some(plain(&self.ty)),
            name: name.clone(),
            file,
            check,
            usage,
        };
        let code = callable.write(lowering, callpy, used);
        inside.extend(code.functions);
        beside.extend(code.options);
    }

    /// Writes the function that enters a context manager, and leaves it.
    fn context(
        &self,
        lowering: &mut Lowering<'_>,
        method: &Method<'_>,
        name: &Ident,
    ) -> TokenStream {
        let Methods { callpy, class, .. } = *self;
        let file = method.file.as_deref().unwrap_or(self.file);
        let path = format!("with {}", class.name);
        let returns = lowering.result(&method.path, method.function.returns.as_ref());
        let mut writer = Writer::new(lowering, callpy);
        let ty = writer.owned(&returns);
        let line = method.function.name_span.start.line;
        let docs = doc::attributes(&format!(
            "Enters the context, line {line} of {}, calls the function, and leaves the context, with an \
             exception if the function returned an error.\n\n# Errors\n\nWhat entering or leaving raised, \
             and the function's own.",
            doc::code(file)
        ));
        quote! {
            #docs
            #[track_caller]
            pub fn #name<R>(
                &self,
                body: impl ::core::ops::FnOnce(#ty) -> #callpy::Result<R>,
            ) -> #callpy::Result<R> {
                #callpy::generated::with(self, #path, body)
            }
        }
    }

    /// Writes functions for the fields of an instance that Rust can't make from its fields.
    fn fields(
        &self,
        lowering: &mut Lowering<'_>,
        methods: &[Method<'_>],
        used: &mut HashSet<String>,
        mut done: impl FnMut(&mut Lowering<'_>, &Method<'_>),
    ) -> TokenStream {
        let class = self.class;
        let fields = fields(lowering.module, class, methods, self.skip);
        let getters = unique(fields.iter().map(|(field, _)| &field.name[..]), used);
        let mut code = TokenStream::new();
        for ((field, method), getter) in fields.into_iter().zip(getters) {
            lowering.untyped.clear();
            if method.left_out.is_some() {
                done(lowering, &method);
                continue;
            }
            let lowered = lowering.result(&method.path, field.hint.as_ref());
            let is_settable = method.function.is_settable;
            let setter = is_settable.then(|| unused(&format!("set_{}", plain(&getter)), used));
            let source = declaration(&field.name, field.hint.as_ref(), field.default.as_ref());
            let text = doc::docstring(field.docstring.as_deref()).unwrap_or_default();
            let docs =
                format!("{text}\n{}", doc::code(&source)).trim_start_matches('\n').to_owned();
            let property = Property {
                class: &class.name,
                python: &field.name,
                lowered,
                set_by: None,
                getter,
                setter,
                docs,
            };
            code.extend(self::property(lowering, self.callpy, &property));
            done(lowering, &method);
        }
        code
    }
}
