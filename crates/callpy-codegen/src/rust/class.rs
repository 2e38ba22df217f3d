//! Writes structs and enums for the file's own classes.

use std::collections::HashSet;

use callpy_signature::{Class, ClassKind, Expression, Literal, Member};
use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::types::{Held, Writer};
use super::{doc, instance};
use crate::lower::{ClassShape, Lowered, Lowering, shape_of};
use crate::names::{ident, parameters as parameter_names, unique};
use crate::python::declaration;

/// Writes the type for a class, if it has one.
pub(crate) fn class(
    lowering: &mut Lowering<'_>,
    callpy: &TokenStream,
    class: &Class,
    file: &str,
) -> TokenStream {
    match shape_of(class) {
        ClassShape::Struct => structure(lowering, callpy, class, file),
        ClassShape::Enum => enumeration(lowering, callpy, class, file),
        ClassShape::Instance => instance::structure(lowering, callpy, class, file),
    }
}

pub(crate) fn docs(class: &Class, file: &str) -> TokenStream {
    let text = doc::docstring(class.docstring.as_deref()).unwrap_or_default();
    let line = class.name_span.start.line;
    doc::attributes(&format!(
        "{text}\n{} of {}, line {line}.",
        doc::code(&class.name),
        doc::code(file)
    ))
}

fn structure(
    lowering: &mut Lowering<'_>,
    callpy: &TokenStream,
    class: &Class,
    file: &str,
) -> TokenStream {
    let fields = lowering.fields(&class.name);
    // A struct that contains itself needs a pointer.
    let boxed: Vec<bool> = fields
        .iter()
        .map(|(_, lowered)| lowering.holds(lowered, &class.name, &mut vec![class.name.clone()]))
        .collect();
    // A result array borrows Python's memory, so it can't be cloned.
    let is_array = |_: &Lowering<'_>, lowered: &Lowered| {
        matches!(lowered, Lowered::Array { element: Some(_), .. } | Lowered::Union(_))
    };
    // An object has no `==`, nor has a type around one; a union has neither that nor `clone`.
    let is_object = |lowering: &Lowering<'_>, lowered: &Lowered| match lowered {
        Lowered::Dict(key, _) | Lowered::Set { item: key, .. } => !lowering.is_key(key),
        Lowered::Object { .. } | Lowered::Array { element: None, .. } | Lowered::Union(_) => true,
        Lowered::Instance(_) | Lowered::Handle(_) => true,
        Lowered::Known(known) => !known.is_value(),
        _ => false,
    };
    let clone = !fields.iter().any(|(_, lowered)| lowering.has(lowered, is_array));
    let equal = !fields.iter().any(|(_, lowered)| lowering.has(lowered, is_object));
    // Not `Eq` and `Hash`: a float in a field has neither.
    let derives = [clone.then(|| quote!(Clone)), equal.then(|| quote!(PartialEq))];
    let derives = derives.into_iter().flatten();

    let mut writer = Writer::new(lowering, callpy);
    let name = lowering.type_ident(&class.name);
    let docs = docs(class, file);
    let keys: Vec<&String> = fields.iter().map(|(field, _)| &field.name).collect();
    let names = unique(keys.iter().map(|key| &key[..]), &mut HashSet::new());
    let types: Vec<_> = fields
        .iter()
        .zip(&boxed)
        .map(|((_, lowered), boxed)| match (lowered, boxed) {
            // `None` needs no memory.
            (Lowered::Optional(inner), true) => {
                let ty = writer.owned(inner);
                quote!(::core::option::Option<::std::boxed::Box<#ty>>)
            }
            (lowered, true) => {
                let ty = writer.owned(lowered);
                quote!(::std::boxed::Box<#ty>)
            }
            (lowered, false) => writer.owned(lowered),
        })
        .collect();
    let field_docs: Vec<TokenStream> = fields
        .iter()
        .map(|(field, _)| {
            let source = declaration(&field.name, field.hint.as_ref(), field.default.as_ref());
            let mut text = doc::docstring(field.docstring.as_deref()).unwrap_or_default();
            text.push_str(&format!("\n{}", doc::code(&source)));
            if !field.in_init {
                text.push_str(
                    "\n\nThe constructor does not take it: it is set on the instance afterwards.",
                );
            }
            doc::attributes(text.trim_start_matches('\n'))
        })
        .collect();

    let into = into_python(&writer, class, &fields, &names, &boxed, callpy);
    let from = from_python(lowering, class, &keys, &names, callpy);
    let new = constructor(&mut writer, class, &fields, &names, &boxed, &types);
    quote! {
        #docs
        #[derive(Debug #(, #derives)*)]
        pub struct #name {
            #(#field_docs pub #names: #types,)*
        }
        #new
        #into
        #from
    }
}

fn into_python(
    writer: &Writer<'_, '_>,
    class: &Class,
    fields: &[(&callpy_signature::Field, Lowered)],
    names: &[Ident],
    boxed: &[bool],
    callpy: &TokenStream,
) -> TokenStream {
    let name = writer.lowering.type_ident(&class.name);
    let class_name = &class.name;
    let is_dict = class.kind == ClassKind::TypedDict;
    let body = |held: Held| {
        let give = |in_init: bool| -> Vec<TokenStream> {
            let fields = fields.iter().zip(names).zip(boxed);
            let fields =
                fields.filter(|(((field, _), _), _)| (field.in_init || is_dict) == in_init);
            fields.map(|(((field, lowered), field_name), boxed)| {
                let key = match (&field.alias, in_init) {
                    (Some(alias), true) => alias,
                    _ => &field.name,
                };
                let boxed_option = *boxed && matches!(lowered, Lowered::Optional(_));
                let place = match (held, *boxed && !boxed_option) {
                    (Held::Reference, false) => quote!((&self.#field_name)),
                    (Held::Reference, true) => quote!((&*self.#field_name)),
                    (Held::Value, false) => quote!(self.#field_name),
                    (Held::Value, true) => quote!((*self.#field_name)),
                };
                let inside = match (boxed_option, held) {
                    (false, _) => quote!(__value),
                    (true, Held::Reference) => quote!((&**__value)),
                    (true, Held::Value) => quote!((*__value)),
                };
                match lowered {
                    // An optional key.
                    Lowered::Optional(inner) if !field.required => {
                        let as_ref = (held == Held::Reference).then(|| quote!(.as_ref()));
                        let value = writer.give(inner, inside, held);
                        quote! {
                            if let ::core::option::Option::Some(__value) = #place #as_ref {
                                __fields.push(#callpy::generated::give(#key, #value, __scope)?);
                            }
                        }
                    }
                    lowered => {
                        let value = match (lowered, boxed_option) {
                            (Lowered::Optional(inner), true) => {
                                let as_ref = (held == Held::Reference).then(|| quote!(.as_ref()));
                                let value = writer.give(inner, inside, held);
                                quote!(#place #as_ref .map(|__value| #value))
                            }
                            _ => writer.give(lowered, place, held),
                        };
                        match is_dict {
                            true => quote!(__fields.push(#callpy::generated::give(#key, #value, __scope)?);),
                            false => quote!(#callpy::generated::give(#key, #value, __scope)?),
                        }
                    }
                }
            })
            .collect()
        };
        let (gives, sets) = (give(true), give(false));
        match is_dict {
            true => quote! {
                let mut __fields = ::std::vec::Vec::new();
                #(#gives)*
                #callpy::generated::mapping(__fields, __scope)
            },
            false => {
                let construct = quote!(#callpy::generated::construct(__CLASS.get()?, __fields));
                let construct = match sets.is_empty() {
                    true => construct,
                    false => quote! {
                        let __object = #construct?;
                        #callpy::generated::set_fields(__object, [#(#sets),*])
                    },
                };
                quote! {
                    static __CLASS: #callpy::generated::Class =
                        #callpy::generated::Class::new(&__MODULE, #class_name);
                    let __fields = [#(#gives),*];
                    #construct
                }
            }
        }
    };
    let (reference, value) = (body(Held::Reference), body(Held::Value));
    quote! {
        impl<'a> #callpy::IntoPython<'a> for &'a #name {
            fn into_python(self, __scope: &mut #callpy::Scope<'a>) -> #callpy::Result<#callpy::Object> {
                #reference
            }
        }
        impl<'a> #callpy::IntoPython<'a> for #name {
            fn into_python(self, __scope: &mut #callpy::Scope<'a>) -> #callpy::Result<#callpy::Object> {
                #value
            }
        }
    }
}

fn from_python(
    lowering: &Lowering<'_>,
    class: &Class,
    keys: &[&String],
    names: &[proc_macro2::Ident],
    callpy: &TokenStream,
) -> TokenStream {
    let (name, class_name) = (lowering.type_ident(&class.name), &class.name);
    let parts: Vec<_> = (0..names.len()).map(|index| quote::format_ident!("__{index}")).collect();
    let body = match class.kind {
        ClassKind::TypedDict => {
            let takes = parts.iter().zip(keys).zip(&class.fields).map(|((part, key), field)| {
                match field.required {
                    true => quote!(match #part {
                        ::core::option::Option::Some(__value) =>
                            #callpy::generated::field(#key, __value, __scope)?,
                        ::core::option::Option::None => return ::core::result::Result::Err(
                            #callpy::generated::missing(#class_name, #key),
                        ),
                    }),
                    false => quote!(match #part {
                        ::core::option::Option::Some(__value) =>
                            ::core::option::Option::Some(#callpy::generated::field(#key, __value, __scope)?),
                        ::core::option::Option::None => ::core::option::Option::None,
                    }),
                }
            });
            quote! {
                let [#(#parts),*] =
                    #callpy::generated::entries(#class_name, __object, [#(#keys),*], __scope)?;
                ::core::result::Result::Ok(Self { #(#names: #takes,)* })
            }
        }
        _ => quote! {
            let [#(#parts),*] =
                #callpy::generated::attributes(#class_name, __object, [#(#keys),*], __scope)?;
            ::core::result::Result::Ok(Self {
                #(#names: #callpy::generated::field(#keys, #parts, __scope)?,)*
            })
        },
    };
    quote! {
        impl #callpy::FromPython for #name {
            fn from_python(
                __object: #callpy::Object,
                __scope: &mut #callpy::Scope<'_>,
            ) -> #callpy::Result<Self> {
                #body
            }
        }
    }
}

/// Writes `new`, which takes the fields without a default that Rust can write, if others have one.
fn constructor(
    writer: &mut Writer<'_, '_>,
    class: &Class,
    fields: &[(&callpy_signature::Field, Lowered)],
    names: &[Ident],
    boxed: &[bool],
    types: &[TokenStream],
) -> Option<TokenStream> {
    if !fields.iter().any(|(field, _)| field.default.is_some() || !field.required) {
        return None;
    }
    let name = writer.lowering.type_ident(&class.name);
    let arguments = parameter_names(fields.iter().map(|(field, _)| &field.name[..]), &[]);
    let mut parameters = Vec::new();
    let mut values = Vec::new();
    let fields = fields.iter().zip(names).zip(arguments).zip(boxed).zip(types);
    for (((((field, lowered), field_name), argument), boxed), ty) in fields {
        let default = field.default.as_ref();
        let value = default.and_then(|default| default_value(writer, lowered, default));
        let is_none = value.as_ref().is_some_and(|_| is_none(default));
        match value {
            _ if !field.required => values.push(quote!(#field_name: ::core::option::Option::None)),
            Some(value) if *boxed && !is_none => {
                values.push(match lowered {
                    Lowered::Optional(_) => {
                        quote!(#field_name: #value.map(::std::boxed::Box::new))
                    }
                    _ => quote!(#field_name: ::std::boxed::Box::new(#value)),
                });
            }
            Some(value) => values.push(quote!(#field_name: #value)),
            // Rust can't write the default, so the caller does.
            None => {
                parameters.push(quote!(#argument: #ty));
                values.push(quote!(#field_name: #argument));
            }
        }
    }
    if parameters.len() == values.len() {
        return None;
    }
    let default = parameters.is_empty().then(|| {
        quote! {
            impl ::core::default::Default for #name {
                fn default() -> Self {
                    Self::new()
                }
            }
        }
    });
    Some(quote! {
        impl #name {
            /// Takes what has no default in Python, or one that only Python can make; the rest is as it is by
            /// default there.
            pub fn new(#(#parameters),*) -> Self {
                Self { #(#values),* }
            }
        }
        #default
    })
}

fn is_none(default: Option<&Expression>) -> bool {
    default.is_some_and(|default| default.literal == Some(Literal::None))
}

fn default_value(
    writer: &mut Writer<'_, '_>,
    lowered: &Lowered,
    default: &Expression,
) -> Option<TokenStream> {
    if let Lowered::Optional(inner) = lowered {
        return match &default.literal {
            Some(Literal::None) => Some(quote!(::core::option::Option::None)),
            _ => {
                let value = default_value(writer, inner, default)?;
                Some(quote!(::core::option::Option::Some(#value)))
            }
        };
    }
    Some(match (lowered, default.literal.as_ref()) {
        (Lowered::Bool, Some(Literal::Bool(value))) => quote!(#value),
        // Unsuffixed, so that it takes the type of its field.
        (Lowered::Int, Some(Literal::Int(value))) => {
            let value = proc_macro2::Literal::i64_unsuffixed(i64::try_from(*value).ok()?);
            quote!(#value)
        }
        (Lowered::Float, Some(Literal::Float(value))) if value.is_finite() => {
            let value = proc_macro2::Literal::f64_unsuffixed(*value);
            quote!(#value)
        }
        (Lowered::Float, Some(Literal::Int(value))) => {
            let value = proc_macro2::Literal::f64_unsuffixed(*value as f64);
            quote!(#value)
        }
        (Lowered::Str | Lowered::Path, Some(Literal::Str(text))) => quote!(#text.into()),
        (Lowered::Text(number), Some(Literal::Str(text))) => {
            let texts = &writer.lowering.texts[*number];
            let (variant, _) = texts.texts.iter().find(|(_, other)| other == text)?;
            let (name, variant) = (ident(&texts.name), ident(variant));
            quote!(#name::#variant)
        }
        (Lowered::Enum(name), _) => {
            let class = writer.lowering.module.class(name)?;
            let (of, member) = default.source.split_once('.')?;
            let member = member_names(class).into_iter().find(|(known, _)| known.name == member);
            let (name, (_, member)) =
                (writer.lowering.type_ident(name), member.filter(|_| of == name)?);
            quote!(#name::#member)
        }
        // Those that stay Python objects have no default in Rust.
        (Lowered::Dict(key, _) | Lowered::Set { item: key, .. }, _)
            if !writer.lowering.is_key(key) =>
        {
            return None;
        }
        (
            Lowered::List { .. }
            | Lowered::VariadicTuple(_)
            | Lowered::Dict(..)
            | Lowered::Set { .. },
            _,
            // The factories of `field(default_factory=list)`, and what a model of pydantic copies.
        ) if matches!(
            &default.source[..],
            "list" | "dict" | "set" | "frozenset" | "tuple" | "()" | "[]" | "{}"
        ) =>
        {
            let ty = writer.owned(lowered);
            quote!(<#ty as ::core::default::Default>::default())
        }
        (Lowered::Union(number), Some(literal)) => {
            let union = writer.lowering.unions[*number].clone();
            // An int is also a default of a float, but the int of `float | int` if there is one.
            let is_whole = matches!(literal, Literal::Int(_));
            let has_int = union.variants.iter().any(|(_, it)| *it == Lowered::Int);
            let (variant, value) = union.variants.iter().find_map(|(variant, it)| {
                let is_other = is_whole && has_int && *it != Lowered::Int;
                let value = default_value(writer, it, default).filter(|_| !is_other)?;
                Some((ident(variant), value))
            })?;
            let name = ident(&union.name);
            quote!(#name::#variant(#value))
        }
        _ => return None,
    })
}

/// Returns the members of an enum that are variants, and those that are other names of them, with their
/// names in Rust.
fn member_names(class: &Class) -> Vec<(&Member, Ident)> {
    let names = class.members.iter().map(|member| &member.name[..]);
    // Other names are constants, beside the function `name`.
    let names = unique(names, &mut HashSet::from(["name".to_owned()]));
    class.members.iter().zip(names).collect()
}

fn enumeration(
    lowering: &mut Lowering<'_>,
    callpy: &TokenStream,
    class: &Class,
    file: &str,
) -> TokenStream {
    let (name, class_name) = (lowering.type_ident(&class.name), &class.name);
    let docs = docs(class, file);
    let all = member_names(class);
    let members: Vec<_> = all.iter().filter(|(member, _)| member.alias_of.is_none()).collect();
    let (variants, keys): (Vec<_>, Vec<_>) =
        members.iter().map(|(member, name)| (name, &member.name)).unzip();
    let members = members.iter().map(|(member, _)| member);
    let variant_docs = members.map(|member| {
        let text = doc::docstring(member.docstring.as_deref());
        doc::attributes(
            &text.unwrap_or_else(|| doc::code(&format!("{}.{}", class.name, member.name))),
        )
    });
    let aliases = all.iter().filter_map(|(member, alias)| {
        let of = member.alias_of.as_ref()?;
        let (_, of) = all.iter().find(|(other, _)| other.name == *of)?;
        let text = format!(" Another name of [`{of}`](Self::{of}).");
        Some(quote!(#[doc = #text] pub const #alias: Self = Self::#of;))
    });
    quote! {
        #docs
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum #name {
            #(#variant_docs #variants,)*
        }
        impl #name {
            #(#aliases)*

            /// Returns the member's name.
            pub fn name(self) -> &'static str {
                match self {
                    #(Self::#variants => #keys,)*
                }
            }
        }
        impl<'a> #callpy::IntoPython<'a> for #name {
            fn into_python(self, _: &mut #callpy::Scope<'a>) -> #callpy::Result<#callpy::Object> {
                static __CLASS: #callpy::generated::Class =
                    #callpy::generated::Class::new(&__MODULE, #class_name);
                __CLASS.get()?.attr(self.name())
            }
        }
        impl<'a> #callpy::IntoPython<'a> for &#name {
            fn into_python(self, __scope: &mut #callpy::Scope<'a>) -> #callpy::Result<#callpy::Object> {
                #callpy::IntoPython::into_python(*self, __scope)
            }
        }
        impl #callpy::FromPython for #name {
            fn from_python(
                __object: #callpy::Object,
                __scope: &mut #callpy::Scope<'_>,
            ) -> #callpy::Result<Self> {
                let __name = #callpy::generated::enum_name(#class_name, &__object, __scope)?;
                match __name.as_str() {
                    #(#keys => ::core::result::Result::Ok(Self::#variants),)*
                    _ => ::core::result::Result::Err(
                        #callpy::generated::mismatch(#class_name, &__object, __scope),
                    ),
                }
            }
        }
    }
}
