//! Writes the enums for unions and for literal strings.
//!
//! A union with arrays in it is two enums: as an argument its arrays are lent, as a result or a field
//! they are owned.

use callpy_signature::{ClassKind, FieldKind};
use proc_macro2::TokenStream;
use quote::quote;

use super::doc;
use super::types::{Held, Writer, argument_type, is_array};
use crate::lower::{Lowered, Lowering, Texts, Union};
use crate::names::ident;

/// Writes the enums of a union.
pub(crate) fn union(lowering: &Lowering<'_>, callpy: &TokenStream, number: usize) -> TokenStream {
    let union = &lowering.unions[number];
    let value = value(lowering, callpy, union);
    let (name, lends) = argument_type(union);
    match lends {
        true => {
            let argument = argument(lowering, callpy, union, &name);
            quote!(#value #argument)
        }
        false => value,
    }
}

/// Writes the enum that owns its values.
fn value(lowering: &Lowering<'_>, callpy: &TokenStream, union: &Union) -> TokenStream {
    let mut writer = Writer::new(lowering, callpy);
    let name = ident(&union.name);
    let docs = doc::attributes(&format!("{}.", doc::code(&union.source)));
    let names: Vec<_> = union.variants.iter().map(|(name, _)| ident(name)).collect();
    let types: Vec<_> = union.variants.iter().map(|(_, lowered)| writer.owned(lowered)).collect();
    let variant_docs = union.variants.iter().map(|(name, _)| format!(" The {} of them.", name));
    // Owned and borrowed values convert differently: an owned array moves into Python, a borrowed one is
    // lent.
    let by_value = union
        .variants
        .iter()
        .map(|(_, lowered)| writer.give(lowered, quote!(__value), Held::Value));
    let by_reference = union
        .variants
        .iter()
        .map(|(_, lowered)| writer.give(lowered, quote!(__value), Held::Reference));
    let froms = froms(callpy, &quote!(#name), &quote!(), union, &types, false);
    let hints: Vec<_> =
        union.variants.iter().map(|(_, lowered)| hint(&writer, lowered, &mut Vec::new())).collect();
    let expected = &union.source;
    // `member` tries exact types before lenient ones, so it gets a hint with each conversion.
    let takes = union.variants.iter().zip(&names).map(|((_, lowered), name)| match lowered {
        Lowered::List { iterable: true, .. } => {
            quote!(|__object, _| #callpy::generated::iterated(__object).map(Self::#name))
        }
        _ => quote!(|__object, __scope| {
            #callpy::FromPython::from_python(__object, __scope).map(Self::#name)
        }),
    });
    quote! {
        #docs
        #[derive(Debug)]
        pub enum #name {
            #(#[doc = #variant_docs] #names(#types),)*
        }
        #froms
        impl<'a> #callpy::IntoPython<'a> for #name {
            fn into_python(self, __scope: &mut #callpy::Scope<'a>) -> #callpy::Result<#callpy::Object> {
                match self {
                    #(Self::#names(__value) => #callpy::IntoPython::into_python(#by_value, __scope),)*
                }
            }
        }
        impl<'a> #callpy::IntoPython<'a> for &'a #name {
            fn into_python(self, __scope: &mut #callpy::Scope<'a>) -> #callpy::Result<#callpy::Object> {
                match self {
                    #(#name::#names(__value) => #callpy::IntoPython::into_python(#by_reference, __scope),)*
                }
            }
        }
        impl #callpy::FromPython for #name {
            fn from_python(
                __object: #callpy::Object,
                __scope: &mut #callpy::Scope<'_>,
            ) -> #callpy::Result<Self> {
                #callpy::generated::member(#expected, __object, __scope, &[
                    #((#hints, #takes),)*
                ])
            }
        }
    }
}

/// Writes how to recognise a value of this type: a `callpy::generated::Hint`. `within` are the unions
/// that contain this one, possibly itself.
fn hint(writer: &Writer<'_, '_>, lowered: &Lowered, within: &mut Vec<usize>) -> TokenStream {
    let callpy = writer.callpy;
    let lowering = writer.lowering;
    let hint = match lowered {
        Lowered::Bool => quote!(Bool),
        Lowered::Int => quote!(Int),
        Lowered::Float => quote!(Float),
        Lowered::Complex => quote!(Complex),
        Lowered::Str => quote!(Str),
        Lowered::Bytes => quote!(Bytes),
        Lowered::Path => quote!(Path),
        Lowered::Scalar(element) => {
            let element = writer.element(*element);
            quote!(Scalar(<#element as #callpy::Element>::DTYPE))
        }
        Lowered::Array { element: Some(element), .. } => {
            let element = writer.element(*element);
            quote!(Array(::core::option::Option::Some(<#element as #callpy::Element>::DTYPE)))
        }
        Lowered::Array { element: None, .. } => quote!(Array(::core::option::Option::None)),
        Lowered::Text(number) => {
            let texts = lowering.texts[*number].texts.iter().map(|(_, text)| text);
            quote!(Literal(&[#(#texts),*]))
        }
        Lowered::List { item, iterable } => {
            let item = hint(writer, item, within);
            match iterable {
                true => quote!(Iterable(&#item)),
                false => quote!(List(&#item)),
            }
        }
        Lowered::VariadicTuple(item) => {
            let item = hint(writer, item, within);
            quote!(VariadicTuple(&#item))
        }
        Lowered::Tuple(items) => {
            let items = items.iter().map(|item| hint(writer, item, within)).collect::<Vec<_>>();
            quote!(Tuple(&[#(#items),*]))
        }
        Lowered::Set { item, .. } => {
            let item = hint(writer, item, within);
            quote!(Set(&#item))
        }
        Lowered::Dict(key, value) => {
            let (key, value) = (hint(writer, key, within), hint(writer, value, within));
            quote!(Dict(&#key, &#value))
        }
        Lowered::Optional(inner) => {
            let inner = hint(writer, inner, within);
            quote!(Optional(&#inner))
        }
        Lowered::Union(number) if !within.contains(number) => {
            within.push(*number);
            let members = lowering.unions[*number].variants.iter();
            let members: Vec<_> =
                members.map(|(_, lowered)| hint(writer, lowered, within)).collect();
            within.pop();
            quote!(Union(&[#(#members),*]))
        }
        Lowered::Struct(class) => structure_hint(writer, class),
        Lowered::Enum(class) => {
            quote!(Enum(#class))
        }
        Lowered::Instance(class) if lowering.is_protocol(class) => quote!(Any),
        Lowered::Instance(class) => quote!(Instance { package: "", name: #class }),
        Lowered::Handle(number) => {
            let handle = &lowering.handles[*number];
            let (package, class) = (handle.package(), &handle.class);
            match handle.is_protocol {
                true => quote!(Any),
                false => quote!(Instance { package: #package, name: #class }),
            }
        }
        Lowered::Known(known) => {
            let (package, class) = (known.package(), known.class());
            quote!(Instance { package: #package, name: #class })
        }
        Lowered::Unit | Lowered::Object { .. } | Lowered::Items(_) | Lowered::Union(_) => {
            quote!(Any)
        }
    };
    quote!(#callpy::generated::Hint::#hint)
}

/// Writes how to recognise an instance of a class of the file, as [`hint`] does.
fn structure_hint(writer: &Writer<'_, '_>, name: &str) -> TokenStream {
    let Some(class) = writer.lowering.module.class(name) else { return quote!(Any) };
    let fields = || class.fields.iter().filter(|field| field.kind == FieldKind::Stored);
    let names = |required: bool| {
        fields().filter(move |field| field.required == required).map(|field| &field.name)
    };
    match class.kind {
        ClassKind::TypedDict => {
            let (required, optional) = (names(true), names(false));
            quote!(TypedDict { required: &[#(#required),*], optional: &[#(#optional),*] })
        }
        _ => {
            let fields = fields().map(|field| &field.name);
            quote!(Class { name: #name, fields: &[#(#fields),*] })
        }
    }
}

/// Writes the enum that lends its arrays.
fn argument(
    lowering: &Lowering<'_>,
    callpy: &TokenStream,
    union: &Union,
    name: &str,
) -> TokenStream {
    let mut writer = Writer::new(lowering, callpy);
    let name = ident(name);
    let docs = doc::attributes(&format!("{}, as an argument.", doc::code(&union.source)));
    let names: Vec<_> = union.variants.iter().map(|(name, _)| ident(name)).collect();
    let types: Vec<_> = union
        .variants
        .iter()
        .map(|(_, lowered)| match lowered {
            Lowered::Array { element: Some(element), .. } => {
                let element = writer.element(*element);
                quote!(#callpy::ArrayArgument<'a, #element>)
            }
            Lowered::Array { element: None, .. } => {
                quote!(#callpy::generated::AnyArrayArgument<'a>)
            }
            other => writer.owned(other),
        })
        .collect();
    let variant_docs = union.variants.iter().map(|(name, _)| format!(" The {} of them.", name));
    let intos = union
        .variants
        .iter()
        .map(|(_, lowered)| writer.give(lowered, quote!(__value), Held::Value));
    let froms = froms(callpy, &quote!(#name<'a>), &quote!('a,), union, &types, true);
    quote! {
        #docs
        #[derive(Debug)]
        pub enum #name<'a> {
            #(#[doc = #variant_docs] #names(#types),)*
        }
        #froms
        impl<'a> #callpy::IntoPython<'a> for #name<'a> {
            fn into_python(self, __scope: &mut #callpy::Scope<'a>) -> #callpy::Result<#callpy::Object> {
                match self {
                    #(Self::#names(__value) => #callpy::IntoPython::into_python(#intos, __scope),)*
                }
            }
        }
    }
}

/// Writes `From` for each type that belongs to only one variant.
fn froms(
    callpy: &TokenStream,
    name: &TokenStream,
    lifetime: &TokenStream,
    union: &Union,
    types: &[TokenStream],
    lends: bool,
) -> TokenStream {
    let mut done: Vec<String> = Vec::new();
    let mut code = TokenStream::new();
    let mut from = |generics: TokenStream, source: TokenStream, body: TokenStream| {
        // `Vec<f64>` may be a list or an array: the first variant gets it.
        let key = source.to_string();
        if machine_types(&key).iter().any(|key| done.contains(key)) {
            return;
        }
        done.push(key);
        code.extend(quote! {
            impl<#lifetime #generics> ::core::convert::From<#source> for #name {
                fn from(__value: #source) -> Self { #body }
            }
        });
    };
    let is_vector =
        |lowered: &Lowered| matches!(lowered, Lowered::List { .. } | Lowered::VariadicTuple(_));
    let has_list = union.variants.iter().any(|(_, lowered)| is_vector(lowered));
    let is_alone = union.variants.iter().filter(|(_, lowered)| is_array(lowered)).count() == 1;
    // C's types come last: they are one of the others, and which one depends on the machine.
    let (others, machines): (Vec<_>, Vec<_>) = union
        .variants
        .iter()
        .zip(types)
        .partition(|(_, ty)| machine_types(&ty.to_string()).len() == 1);
    for ((variant, lowered), ty) in others.into_iter().chain(machines) {
        let variant = ident(variant);
        // An object could be of any of several such classes: the caller has to say.
        let is_object =
            |lowered: &Lowered| matches!(lowered, Lowered::Known(known) if !known.is_value());
        if is_object(lowered) && union.variants.iter().filter(|(_, it)| is_object(it)).count() > 1 {
            continue;
        }
        from(quote!(), ty.clone(), quote!(Self::#variant(__value)));
        match lowered {
            Lowered::Int => from(quote!(), quote!(i32), quote!(Self::#variant(__value.into()))),
            Lowered::Str => {
                let generics = (!lends).then(|| quote!('a,));
                from(quote!(#generics), quote!(&'a str), quote!(Self::#variant(__value.into())));
            }
            Lowered::Instance(_) => {
                let generics = (!lends).then(|| quote!('a,));
                let body = quote!(Self::#variant(::core::clone::Clone::clone(__value)));
                from(quote!(#generics), quote!(&'a #ty), body);
            }
            Lowered::Path => {
                let generics = (!lends).then(|| quote!('a,));
                from(
                    quote!(#generics),
                    quote!(&'a ::std::path::Path),
                    quote!(Self::#variant(__value.into())),
                );
            }
            Lowered::Array { element, .. } if lends => {
                let (generics, element) = match element {
                    Some(element) => (quote!(), Writer::element_of(callpy, *element)),
                    None if is_alone => {
                        let bound = quote!(#callpy::Element + #callpy::Item<'a>);
                        (quote!(__T: #bound,), quote!(__T))
                    }
                    None => continue,
                };
                let body = quote!(Self::#variant(::core::convert::Into::into(__value)));
                from(generics.clone(), quote!(&'a [#element]), body.clone());
                from(generics.clone(), quote!(&'a ::std::vec::Vec<#element>), body.clone());
                from(
                    quote!(#generics const __N: usize,),
                    quote!(&'a [#element; __N]),
                    body.clone(),
                );
                from(generics.clone(), quote!(#callpy::Array<#element>), body.clone());
                from(generics.clone(), quote!(&'a #callpy::Array<#element>), body.clone());
                if !has_list {
                    from(generics, quote!(::std::vec::Vec<#element>), body);
                }
            }
            _ => {}
        }
    }
    code
}

/// Returns a type, and those that it may be on some machine: `c_long` is `i64` or `i32`.
fn machine_types(ty: &str) -> Vec<String> {
    let mut types = vec![ty.to_owned()];
    for (of_c, wide, narrow) in [("c_long", "i64", "i32"), ("c_ulong", "u64", "u32")] {
        let of_c = format!(":: core :: ffi :: {of_c}");
        if ty.contains(&of_c) {
            types.extend([ty.replace(&of_c, wide), ty.replace(&of_c, narrow)]);
        }
    }
    types
}

/// Writes the enum for a `Literal` of strings.
pub(crate) fn texts(texts: &Texts, callpy: &TokenStream) -> TokenStream {
    let name = ident(&texts.name);
    let (variants, values): (Vec<_>, Vec<_>) =
        texts.texts.iter().map(|(variant, text)| (ident(variant), text)).unzip();
    let variant_docs = values.iter().map(|text| format!(" {}", doc::code(&format!("{text:?}"))));
    let list = values.iter().map(|text| format!("{text:?}")).collect::<Vec<_>>().join(", ");
    let source = format!("Literal[{list}]");
    let docs = doc::attributes(&format!("{}.", doc::code(&source)));
    quote! {
        #docs
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum #name {
            #(#[doc = #variant_docs] #variants,)*
        }
        impl #name {
            /// Returns the text that Python has for it.
            pub fn as_str(self) -> &'static str {
                match self {
                    #(Self::#variants => #values,)*
                }
            }
        }
        impl<'a> #callpy::IntoPython<'a> for #name {
            fn into_python(self, __scope: &mut #callpy::Scope<'a>) -> #callpy::Result<#callpy::Object> {
                #callpy::IntoPython::into_python(self.as_str(), __scope)
            }
        }
        impl #callpy::FromPython for #name {
            fn from_python(
                __object: #callpy::Object,
                __scope: &mut #callpy::Scope<'_>,
            ) -> #callpy::Result<Self> {
                let __text = __object.extract::<::std::string::String>().unwrap_or_default();
                match __text.as_str() {
                    #(#values => ::core::result::Result::Ok(Self::#variants),)*
                    _ => ::core::result::Result::Err(
                        #callpy::generated::mismatch(#source, &__object, __scope),
                    ),
                }
            }
        }
    }
}
