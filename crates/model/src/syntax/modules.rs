//! Lowers imports and exports.

use swc_common::Spanned;
use swc_ecma_ast::*;

use super::lower::{Lowering, range};
use super::names::text;
use crate::summary::*;

impl Lowering {
    pub(super) fn module_decl(&mut self, declaration: &ModuleDecl) {
        match declaration {
            ModuleDecl::Import(import) => self.import_decl(import),
            ModuleDecl::ExportDecl(export) => {
                self.decl(&export.decl);
                for name in declared_names(&export.decl) {
                    let value = self.ident(&name);
                    let name = self.name(text(&name));
                    self.out.exports.push(Export::Named(name, value));
                }
            }
            ModuleDecl::ExportNamed(named) => self.export_named(named),
            ModuleDecl::ExportDefaultDecl(export) => {
                let span = range(export.span);
                let value = match &export.decl {
                    DefaultDecl::Class(class) => {
                        let name = class.ident.as_ref().map(|ident| self.strings.name(text(ident)));
                        let id = self.class(&class.class, name);
                        let value = self.add(Value::Class(id), span);
                        if let Some(ident) = &class.ident {
                            self.write_ident(ident, value, span);
                        }
                        value
                    }
                    DefaultDecl::Fn(function) => {
                        let name = function.ident.as_ref().map(|ident| self.strings.name(text(ident)));
                        let id = self.function_expr(&function.function, name, None, FunctionKind::Function);
                        let value = self.add(Value::Function(id), span);
                        if let Some(ident) = &function.ident {
                            self.write_ident(ident, value, span);
                        }
                        value
                    }
                    DefaultDecl::TsInterfaceDecl(_) => return,
                };
                self.export_default(value);
            }
            ModuleDecl::ExportDefaultExpr(export) => {
                let value = self.expr(&export.expr);
                self.export_default(value);
            }
            ModuleDecl::ExportAll(all) => {
                let kind = if all.type_only { ImportKind::TypeOnly } else { ImportKind::Static };
                let import = self.import(&all.src.value.to_string_lossy(), kind, range(all.src.span));
                self.out.exports.push(Export::Star(import));
            }
            ModuleDecl::TsImportEquals(import) => {
                let span = range(import.span);
                let value = match &import.module_ref {
                    TsModuleRef::TsExternalModuleRef(external) => {
                        let id = self.import(
                            &external.expr.value.to_string_lossy(),
                            ImportKind::Require,
                            range(external.expr.span),
                        );
                        self.add(Value::Module(id), span)
                    }
                    TsModuleRef::TsEntityName(_) => self.unknown(span),
                };
                self.write_ident(&import.id, value, span);
            }
            ModuleDecl::TsExportAssignment(export) => {
                let value = self.expr(&export.expr);
                self.out.exports.push(Export::Whole(value));
            }
            ModuleDecl::TsNamespaceExport(_) => {}
        }
    }

    pub(super) fn export_default(&mut self, value: ValueId) {
        let name = self.name("default");
        self.out.exports.push(Export::Named(name, value));
    }

    pub(super) fn import_decl(&mut self, import: &ImportDecl) {
        let kind = if import.type_only { ImportKind::TypeOnly } else { ImportKind::Static };
        let id = self.import(&import.src.value.to_string_lossy(), kind, range(import.src.span));
        for specifier in &import.specifiers {
            let span = range(specifier.span());
            let value = match specifier {
                ImportSpecifier::Named(named) => {
                    let imported = match &named.imported {
                        Some(imported) => imported.atom().to_string(),
                        None => text(&named.local).to_owned(),
                    };
                    let imported = self.name(&imported);
                    Value::ImportName(id, imported)
                }
                ImportSpecifier::Default(_) => {
                    let imported = self.name("default");
                    Value::ImportName(id, imported)
                }
                ImportSpecifier::Namespace(_) => Value::Module(id),
            };
            let value = self.add(value, span);
            self.write_ident(specifier.local(), value, span);
        }
    }

    pub(super) fn export_named(&mut self, named: &NamedExport) {
        let import = named.src.as_ref().map(|source| {
            let kind = if named.type_only { ImportKind::TypeOnly } else { ImportKind::Static };
            self.import(&source.value.to_string_lossy(), kind, range(source.span))
        });
        for specifier in &named.specifiers {
            match (specifier, import) {
                (ExportSpecifier::Named(each), Some(import)) => {
                    let imported = self.name(&each.orig.atom());
                    let exported = match &each.exported {
                        Some(exported) => self.name(&exported.atom()),
                        None => imported,
                    };
                    self.out.exports.push(Export::From(exported, import, imported));
                }
                (ExportSpecifier::Named(each), None) => {
                    let ModuleExportName::Ident(local) = &each.orig else { continue };
                    let value = self.ident(local);
                    let exported = match &each.exported {
                        Some(exported) => self.name(&exported.atom()),
                        None => self.name(text(local)),
                    };
                    self.out.exports.push(Export::Named(exported, value));
                }
                (ExportSpecifier::Namespace(each), Some(import)) => {
                    let name = self.name(&each.name.atom());
                    self.out.exports.push(Export::Namespace(name, import));
                }
                (ExportSpecifier::Default(each), Some(import)) => {
                    let (exported, default) = (self.name(text(&each.exported)), self.name("default"));
                    self.out.exports.push(Export::From(exported, import, default));
                }
                _ => {}
            }
        }
    }
}

/// The names that an exported declaration declares.
fn declared_names(declaration: &Decl) -> Vec<Ident> {
    match declaration {
        Decl::Class(class) => vec![class.ident.clone()],
        Decl::Fn(function) => vec![function.ident.clone()],
        Decl::Var(var) => {
            let mut names = Vec::new();
            for declarator in &var.decls {
                names_of(&declarator.name, &mut names);
            }
            names
        }
        Decl::TsEnum(declaration) => vec![declaration.id.clone()],
        Decl::TsModule(module) => match &module.id {
            TsModuleName::Ident(ident) if module.body.is_some() && !module.declare => vec![ident.clone()],
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

fn names_of(pattern: &Pat, names: &mut Vec<Ident>) {
    let mut open = vec![pattern];
    while let Some(pattern) = open.pop() {
        match pattern {
            Pat::Ident(ident) => names.push(ident.id.clone()),
            Pat::Object(object) => {
                for property in &object.props {
                    match property {
                        ObjectPatProp::KeyValue(pair) => open.push(&pair.value),
                        ObjectPatProp::Assign(short) => names.push(short.key.id.clone()),
                        ObjectPatProp::Rest(rest) => open.push(&rest.arg),
                    }
                }
            }
            Pat::Array(array) => open.extend(array.elems.iter().flatten()),
            Pat::Assign(assign) => open.push(&assign.left),
            Pat::Rest(rest) => open.push(&rest.arg),
            Pat::Expr(_) | Pat::Invalid(_) => {}
        }
    }
}
