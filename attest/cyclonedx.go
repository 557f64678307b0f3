package attest

import (
	"bytes"
	"encoding/json"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/wpkdev/wpk/build"
)

// CycloneDX is the statement with a bill of materials as CycloneDX 1.6.
func CycloneDX(b Build) ([]byte, error) {
	module, err := digestSet(b.Module.Digest)
	if err != nil {
		return nil, err
	}
	root := cdx.Component{
		BOMRef: "module", Type: cdx.ComponentTypeApplication, Name: b.programName(), Version: b.Facts.Version, PackageURL: b.purl(),
		MIMEType: "application/wasm", Hashes: &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: module["sha256"]}},
	}
	bom := &cdx.BOM{
		BOMFormat: cdx.BOMFormat, Version: 1,
		Metadata: &cdx.Metadata{
			Timestamp: b.created(), Component: &root, Lifecycles: &[]cdx.Lifecycle{{Phase: cdx.LifecyclePhaseBuild}},
			Tools: &cdx.ToolsChoice{Components: &[]cdx.Component{{Type: cdx.ComponentTypeApplication, Name: "wpk", Version: b.Builder.Version}}},
		},
	}
	components, inside := []cdx.Component{}, []string{}
	for _, d := range b.Facts.Dependencies {
		c := cdxComponent(d)
		components = append(components, c)
		if d.Relation != build.RelationBuild {
			inside = append(inside, c.BOMRef)
		}
	}
	bom.Components = &components
	bom.Dependencies = &[]cdx.Dependency{{Ref: root.BOMRef, Dependencies: &inside}}
	bom.Compositions = &[]cdx.Composition{{Aggregate: aggregate(b.Facts), Assemblies: &[]cdx.BOMReference{cdx.BOMReference(root.BOMRef)}}}
	bom.Metadata.Properties = cdxProperties(b.Facts)
	return cdxStatement(b.Subject, bom)
}

// cdxStatement names the document after its content.
func cdxStatement(s Subject, bom *cdx.BOM) ([]byte, error) {
	raw, err := cdxEncode(bom)
	if err != nil {
		return nil, err
	}
	bom.SerialNumber = "urn:uuid:" + uuidOf(s.Digest, raw)
	if raw, err = cdxEncode(bom); err != nil {
		return nil, err
	}
	return Statement(s, PredicateCycloneDX, raw)
}

func cdxEncode(bom *cdx.BOM) ([]byte, error) {
	var b, compact bytes.Buffer
	if err := cdx.NewBOMEncoder(&b, cdx.BOMFileFormatJSON).SetEscapeHTML(false).EncodeVersion(bom, cdx.SpecVersion1_6); err != nil {
		return nil, err
	}
	err := json.Compact(&compact, b.Bytes())
	return compact.Bytes(), err
}

// aggregate says whether all that is inside is listed.
func aggregate(f build.Facts) cdx.CompositionAggregate {
	if len(f.Unknown) > 0 {
		return cdx.CompositionAggregateIncomplete
	}
	return cdx.CompositionAggregateComplete
}

func cdxComponent(d build.Dependency) cdx.Component {
	c := cdx.Component{
		BOMRef: string(spdxID(d.Type, d.Name, d.Version, d.Note)), Type: cdx.ComponentTypeLibrary, Name: d.Name, Version: d.Version,
		PackageURL: d.PURL, Scope: cdx.ScopeRequired,
	}
	if d.Kind == build.DependencyRuntime {
		c.Type = cdx.ComponentTypePlatform
	}
	if d.Relation == build.RelationBuild {
		c.Scope = cdx.ScopeExcluded
	}
	if d.License != "" {
		choice := cdx.LicenseChoice{License: &cdx.License{Name: d.License}}
		if isExpression(d.License) {
			choice = cdx.LicenseChoice{Expression: d.License}
		}
		c.Licenses = &cdx.Licenses{choice}
	}
	var hashes []cdx.Hash
	if d.SHA256 != "" {
		hashes = append(hashes, cdx.Hash{Algorithm: cdx.HashAlgoSHA256, Value: d.SHA256})
	}
	if d.SHA512 != "" {
		hashes = append(hashes, cdx.Hash{Algorithm: cdx.HashAlgoSHA512, Value: d.SHA512})
	}
	if hashes != nil {
		c.Hashes = &hashes
	}
	var properties []cdx.Property
	for _, p := range []cdx.Property{
		{Name: "wpk:kind", Value: string(d.Kind)},
		{Name: "wpk:relation", Value: string(d.Relation)},
		{Name: "wpk:dirHash", Value: d.DirHash},
		{Name: "wpk:note", Value: d.Note},
	} {
		if p.Value != "" {
			properties = append(properties, p)
		}
	}
	c.Properties = &properties
	return c
}

// cdxProperties tell what CycloneDX has no field for.
func cdxProperties(f build.Facts) *[]cdx.Property {
	all := []cdx.Property{}
	add := func(name, value string) {
		if value != "" {
			all = append(all, cdx.Property{Name: name, Value: value})
		}
	}
	add("wpk:language", f.Language)
	add("wpk:target", f.Target)
	for _, t := range f.Tools {
		add("wpk:tool", strings.Join(strings.Fields(t.Name+" "+t.Version+" "+t.Digest), " "))
	}
	for _, s := range f.Unknown {
		add("wpk:unknown", s)
	}
	if len(all) == 0 {
		return nil
	}
	return &all
}
