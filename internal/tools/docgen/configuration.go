// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
)

// configuration returns the reference of the configuration file and the flags.
func configuration(root string) (string, error) {
	structs, err := readStructs(filepath.Join(root, "internal", "config"))
	if err != nil {
		return "", err
	}
	p := &page{}
	p.generated("Configuration", "the types of the file and the flags of the program")
	p.line(`Without a file, flags and environment are enough for one server:

    DBSYNC_MYSQL_PASSWORD=... dbsync_exporter --mysql.address=127.0.0.1:3306 --mysql.user=dbsync

Everything else is one YAML file, ` + "`--config.file`" + `. It is strict: an unknown key is an error with its line.
` + "`--config.check`" + ` checks it, SIGHUP and ` + "`POST /-/reload`" + ` (where --web.enable-lifecycle allows it) read it again: a file
that is wrong changes nothing, and dbsync_config_last_reload_successful says 0.

In every value ${NAME} stands for an environment variable and $$ for a dollar. Durations are written as in Prometheus'
own files: 90s, 30m, 24h, 7d. Secrets are masked wherever the configuration is shown.

## The file

| key | value | meaning |
| --- | --- | --- |`)
	if err := p.keys(structs, "file", ""); err != nil {
		return "", err
	}
	example, err := os.ReadFile(filepath.Join(root, "deploy", "config", "dbsync.yml"))
	if err != nil {
		return "", err
	}
	p.line("")
	p.line("## An example")
	p.line("")
	p.line("```yaml")
	p.line("%s", strings.TrimSpace(string(example)))
	p.line("```")
	flags, err := flagHelp(root)
	if err != nil {
		return "", err
	}
	p.line("")
	p.line("## The flags")
	p.line("")
	p.line("```text")
	p.line("%s", strings.TrimSpace(flags))
	p.line("```")
	return p.String(), nil
}

// flagHelp is what the program says of its flags.
func flagHelp(root string) (string, error) {
	//nolint:noctx // a build tool that the user interrupts
	command := exec.Command("go", "run", "./cmd/dbsync_exporter", "--help")
	command.Dir = root
	command.Env = append(os.Environ(), "COLUMNS=110")
	command.Stderr = os.Stderr
	out, err := command.Output()
	_, flags, found := strings.Cut(string(out), "\nFlags:\n")
	if err == nil && !found {
		err = fmt.Errorf("no flags in the help: %.200s", out)
	}
	var text strings.Builder
	for line := range strings.Lines(flags) {
		text.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	return text.String(), err
}

// readStructs returns the struct types of a package, by name.
func readStructs(dir string) (map[string]*ast.StructType, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	structs := map[string]*ast.StructType{}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
		if err != nil {
			return nil, err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if spec, ok := n.(*ast.TypeSpec); ok {
				if s, ok := spec.Type.(*ast.StructType); ok {
					structs[spec.Name.Name] = s
				}
			}
			return true
		})
	}
	return structs, nil
}

// keys writes a row for each key of a struct, and those below it.
func (p *page) keys(structs map[string]*ast.StructType, name, prefix string) error {
	s := structs[name]
	if s == nil {
		return fmt.Errorf("no struct %s", name)
	}
	for _, f := range s.Fields.List {
		if f.Tag == nil {
			return fmt.Errorf("%s: a field without a key", name)
		}
		key, _, _ := strings.Cut(reflect.StructTag(strings.Trim(f.Tag.Value, "`")).Get("yaml"), ",")
		if f.Doc == nil {
			return fmt.Errorf("%s.%s: no comment says what it is", name, key)
		}
		v := valueOf(f.Type)
		_, scalar := scalars()[v.typ]
		if !scalar && structs[v.typ] == nil {
			return fmt.Errorf("%s.%s: docgen does not know how a %s is written", name, key, v.typ)
		}
		p.row(code(prefix+key+v.suffix), v.name, strings.TrimSpace(f.Doc.Text()))
		if !scalar {
			if err := p.keys(structs, v.typ, prefix+key+v.suffix+"."); err != nil {
				return err
			}
		}
	}
	return nil
}

// value is how the value of a key is written.
type value struct {
	typ    string // the Go type below lists and maps
	name   string // for people
	suffix string // of the key: what stands between it and the keys below
}

// scalars are the types that are written as one text, and what they are for people.
func scalars() map[string]string {
	return map[string]string{
		"string": "text", "bool": "true or false", "int": "number", "duration": "duration", "size": "size in bytes",
		"instant": "time with its zone", "network": "network:port", "Secret": "secret", "share": "percentage",
	}
}

func valueOf(t ast.Expr) value {
	switch t := t.(type) {
	case *ast.StarExpr:
		return valueOf(t.X)
	case *ast.ArrayType:
		v := valueOf(t.Elt)
		return value{v.typ, "list of " + cmp.Or(v.name, "sections"), "[]" + v.suffix}
	case *ast.MapType:
		v := valueOf(t.Value)
		return value{v.typ, v.name, ".NAME" + v.suffix}
	case *ast.Ident:
		return value{typ: t.Name, name: scalars()[t.Name]}
	}
	return value{}
}
