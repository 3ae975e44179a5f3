//! The imports between the files of each crate, and their circles.
//!
//! An import is a path, in a `use` or elsewhere, that leads to an item of another file. A re-export leads
//! to the file that defines the item. Tests are left out.

use crate::tree::{File, Tree};
use std::collections::{BTreeMap, BTreeSet};
use syn::visit::{self, Visit};

/// A crate's folder and the path of a module within it: `crates/storage/src` and `workouts::change`.
type Module = (String, Vec<String>);

/// Which file imports which, by path.
pub struct Graph {
    imports: BTreeMap<String, BTreeSet<String>>,
}

struct Source<'a> {
    file: &'a File,
    module: Module,
    paths: Vec<Vec<String>>,
    /// The names that the file re-exports, with the full path of each; `*` for a glob.
    exports: Vec<(String, Vec<String>)>,
    children: BTreeSet<String>,
}

impl Graph {
    pub fn build(tree: &Tree) -> Self {
        let sources: Vec<_> =
            tree.rust().filter(|file| !file.is_test()).filter_map(Source::parse).collect();
        let modules: BTreeMap<_, _> =
            sources.iter().map(|source| (&source.module, source)).collect();
        let mut imports = BTreeMap::new();
        for source in &sources {
            let targets: BTreeSet<_> = source
                .paths
                .iter()
                .filter_map(|path| resolve(&modules, &source.module, path, 0))
                .filter(|target| target.path != source.file.path)
                .map(|target| target.path.clone())
                .collect();
            imports.insert(source.file.path.clone(), targets);
        }
        Self { imports }
    }

    pub fn files(&self) -> usize {
        self.imports.len()
    }

    pub fn edges(&self) -> usize {
        self.imports.values().map(BTreeSet::len).sum()
    }

    /// The files that reach themselves, by groups that reach each other, with the imports within.
    pub fn circles(&self) -> Vec<String> {
        let reach: BTreeMap<_, _> =
            self.imports.keys().map(|path| (path.as_str(), self.reachable(path))).collect();
        let mut circles = BTreeSet::new();
        for (path, reached) in &reach {
            let circle: BTreeSet<_> = reached
                .iter()
                .filter(|other| reach[other.as_str()].contains(*path))
                .cloned()
                .collect();
            if circle.contains(*path) {
                circles.insert(circle);
            }
        }
        circles
            .into_iter()
            .map(|circle| {
                let arrows = circle.iter().map(|path| {
                    let within: Vec<_> =
                        self.imports[path].intersection(&circle).map(String::as_str).collect();
                    format!("  {path} imports {}", within.join(", "))
                });
                format!("{} files:\n{}", circle.len(), arrows.collect::<Vec<_>>().join("\n"))
            })
            .collect()
    }

    fn reachable(&self, path: &str) -> BTreeSet<String> {
        let mut reached = BTreeSet::new();
        let mut todo = vec![path];
        while let Some(next) = todo.pop() {
            for target in &self.imports[next] {
                if reached.insert(target.clone()) {
                    todo.push(target);
                }
            }
        }
        reached
    }
}

/// The file of the item at `path`, seen from `module`; `None` for another crate's.
fn resolve<'a>(
    modules: &BTreeMap<&Module, &Source<'a>>,
    module: &Module,
    path: &[String],
    depth: usize,
) -> Option<&'a File> {
    let (folder, within) = module;
    let mut at = within.clone();
    let mut rest = path;
    match path.first()?.as_str() {
        "crate" => {
            at.clear();
            rest = &rest[1..];
        }
        "self" => rest = &rest[1..],
        "super" => {
            while rest.first().is_some_and(|part| part == "super") {
                at.pop();
                rest = &rest[1..];
            }
        }
        first => {
            if !modules.get(module)?.children.contains(first) {
                return None;
            }
        }
    }
    while let Some(part) = rest.first() {
        let mut child = at.clone();
        child.push(part.clone());
        if !modules.contains_key(&(folder.clone(), child.clone())) {
            break;
        }
        at = child;
        rest = &rest[1..];
    }
    let found = (folder.clone(), at);
    let source = modules.get(&found)?;
    let exported = rest.first().and_then(|name| {
        let export = source.exports.iter().find(|(exported, _)| exported == name)?;
        (depth < 8).then(|| resolve(modules, &found, &export.1, depth + 1))?
    });
    // A path that ends at the module itself imports nothing yet: `use crate::volume;`.
    exported.or(Some(source.file))
}

impl<'a> Source<'a> {
    fn parse(file: &'a File) -> Option<Self> {
        let (folder, within) = file.path.split_once("/src/")?;
        let mut module: Vec<_> =
            within.strip_suffix(".rs")?.split('/').map(str::to_owned).collect();
        let is_root = module.len() == 1 && ["lib", "main"].contains(&module[0].as_str());
        if is_root || module.last().is_some_and(|name| name == "mod") {
            module.pop();
        }
        let mut source = Self {
            file,
            module: (format!("{folder}/src"), module),
            paths: Vec::new(),
            exports: Vec::new(),
            children: BTreeSet::new(),
        };
        source.visit_file(&syn::parse_file(&file.text).unwrap());
        Some(source)
    }

    fn flatten(&mut self, tree: &syn::UseTree, prefix: &[String], is_export: bool) {
        let mut path = prefix.to_vec();
        match tree {
            syn::UseTree::Path(part) => {
                path.push(part.ident.to_string());
                self.flatten(&part.tree, &path, is_export);
            }
            syn::UseTree::Group(group) => {
                for tree in &group.items {
                    self.flatten(tree, prefix, is_export);
                }
            }
            syn::UseTree::Name(name) => {
                path.push(name.ident.to_string());
                self.import(path, name.ident.to_string(), is_export);
            }
            syn::UseTree::Rename(rename) => {
                path.push(rename.ident.to_string());
                self.import(path, rename.rename.to_string(), is_export);
            }
            syn::UseTree::Glob(_) => self.import(path, "*".to_owned(), is_export),
        }
    }

    fn import(&mut self, path: Vec<String>, name: String, is_export: bool) {
        if is_export {
            self.exports.push((name, path));
        } else {
            self.paths.push(path);
        }
    }
}

fn is_test_cfg(attrs: &[syn::Attribute]) -> bool {
    attrs.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.parse_args::<syn::Ident>().is_ok_and(|ident| ident == "test")
    })
}

impl<'ast> Visit<'ast> for Source<'_> {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if item.content.is_none() {
            self.children.insert(item.ident.to_string());
        }
        if !is_test_cfg(&item.attrs) {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        if !is_test_cfg(&item.attrs) {
            let is_export = !matches!(item.vis, syn::Visibility::Inherited);
            self.flatten(&item.tree, &[], is_export);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.segments.len() > 1 {
            self.paths.push(path.segments.iter().map(|part| part.ident.to_string()).collect());
        }
        visit::visit_path(self, path);
    }
}
