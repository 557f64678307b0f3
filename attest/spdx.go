package attest

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/spdx/tools-golang/spdx/v2/common"
	spdx "github.com/spdx/tools-golang/spdx/v2/v2_3"

	"github.com/wpkdev/wpk/build"
)

// noAssertion is what a document says where nothing is known.
const noAssertion = "NOASSERTION"

// The identifiers of elements, without the "SPDXRef-" that every one begins with.
const (
	spdxDocument = "DOCUMENT"
	spdxModule   = "module"
)

// SPDX is the statement with a bill of materials as SPDX 2.3: what is inside the module, and what made it.
func SPDX(b Build) ([]byte, error) {
	module, err := digestSet(b.Module.Digest)
	if err != nil {
		return nil, err
	}
	doc := &spdx.Document{
		SPDXVersion: spdx.Version, DataLicense: spdx.DataLicense, SPDXIdentifier: spdxDocument, DocumentName: b.programName(),
		DocumentNamespace: "urn:uuid:00000000-0000-0000-0000-000000000000", DocumentComment: strings.Join(b.Facts.Unknown, "\n"),
		CreationInfo: &spdx.CreationInfo{
			Creators: []common.Creator{{CreatorType: "Tool", Creator: "wpk-" + b.Builder.Version}},
			Created:  b.created(),
		},
	}
	if len(b.Facts.Unknown) > 0 {
		doc.DocumentComment = "Not known: " + strings.Join(b.Facts.Unknown, "; ") + "."
	}
	doc.Packages = []*spdx.Package{{
		PackageName: b.programName(), PackageSPDXIdentifier: spdxModule, PackageVersion: b.Facts.Version, PackageDownloadLocation: noAssertion,
		PackageLicenseConcluded: noAssertion, PackageLicenseDeclared: noAssertion, PackageCopyrightText: noAssertion,
		PackageFileName: b.programName() + ".wasm", PrimaryPackagePurpose: "APPLICATION",
		PackageChecksums:          []common.Checksum{{Algorithm: common.SHA256, Value: module["sha256"]}},
		PackageExternalReferences: purlReference(b.purl()),
	}}
	doc.Relationships = []*spdx.Relationship{relation(spdxDocument, common.TypeRelationshipDescribe, spdxModule)}
	for _, d := range b.Facts.Dependencies {
		p := spdxPackage(d)
		doc.Packages = append(doc.Packages, p)
		doc.Relationships = append(doc.Relationships, spdxRelation(d, p.PackageSPDXIdentifier))
	}
	for _, t := range b.Facts.Tools {
		p := spdxTool(t)
		doc.Packages = append(doc.Packages, p)
		doc.Relationships = append(doc.Relationships, relation(p.PackageSPDXIdentifier, common.TypeRelationshipBuildToolOf, spdxModule))
	}
	return spdxStatement(b.Subject, doc)
}

// spdxStatement names the document after its content.
func spdxStatement(s Subject, doc *spdx.Document) ([]byte, error) {
	raw, err := marshal(doc)
	if err != nil {
		return nil, err
	}
	doc.DocumentNamespace = "https://github.com/wpkdev/wpk/spdx/" + uuidOf(s.Digest, raw)
	if raw, err = marshal(doc); err != nil {
		return nil, err
	}
	return Statement(s, PredicateSPDX, raw)
}

// spdxPackage describes a dependency.
func spdxPackage(d build.Dependency) *spdx.Package {
	p := &spdx.Package{
		PackageName: d.Name, PackageVersion: d.Version, PackageSPDXIdentifier: spdxID("dependency", d.Type, d.Name, d.Version, d.Note),
		PackageDownloadLocation: noAssertion, PackageLicenseConcluded: noAssertion, PackageLicenseDeclared: noAssertion,
		PackageCopyrightText: noAssertion, PackageExternalReferences: purlReference(d.PURL), PackageComment: comment(d), PrimaryPackagePurpose: "LIBRARY",
	}
	switch {
	case isExpression(d.License):
		p.PackageLicenseDeclared = d.License
	case d.License != "":
		p.PackageLicenseComments = fmt.Sprintf("It says %q.", d.License)
	}
	for algorithm, value := range map[common.ChecksumAlgorithm]string{common.SHA256: d.SHA256, common.SHA512: d.SHA512} {
		if value != "" {
			p.PackageChecksums = append(p.PackageChecksums, common.Checksum{Algorithm: algorithm, Value: value})
		}
	}
	slices.SortFunc(p.PackageChecksums, func(a, b common.Checksum) int { return strings.Compare(string(a.Algorithm), string(b.Algorithm)) })
	return p
}

// comment tells what has no field of its own. SPDX knows no hash of folders.
func comment(d build.Dependency) string {
	words := []string{string(d.Kind)}
	if d.Relation != "" {
		words = append(words, string(d.Relation))
	}
	if d.DirHash != "" {
		words = append(words, "dirHash (go.sum's h1, hexadecimal) "+d.DirHash)
	}
	if d.Note != "" {
		words = append(words, d.Note)
	}
	return strings.Join(words, "; ")
}

func spdxTool(t build.Tool) *spdx.Package {
	p := &spdx.Package{
		PackageName: t.Name, PackageVersion: t.Version, PackageSPDXIdentifier: spdxID("tool", t.Name, t.Version), PackageDownloadLocation: noAssertion,
		PackageLicenseConcluded: noAssertion, PackageLicenseDeclared: noAssertion, PackageCopyrightText: noAssertion,
		PackageComment: "took part in the build", PrimaryPackagePurpose: "APPLICATION",
	}
	if value, ok := strings.CutPrefix(t.Digest, "sha256:"); ok {
		p.PackageChecksums = []common.Checksum{{Algorithm: common.SHA256, Value: value}}
	}
	return p
}

// spdxRelation connects a dependency with the module.
func spdxRelation(d build.Dependency, id common.ElementID) *spdx.Relationship {
	if d.Relation == build.RelationBuild {
		return relation(id, common.TypeRelationshipBuildDependencyOf, spdxModule)
	}
	return relation(spdxModule, common.TypeRelationshipContains, id)
}

func relation(a common.ElementID, kind string, b common.ElementID) *spdx.Relationship {
	return &spdx.Relationship{RefA: common.DocElementID{ElementRefID: a}, RefB: common.DocElementID{ElementRefID: b}, Relationship: kind}
}

func purlReference(purl string) []*spdx.PackageExternalReference {
	if purl == "" {
		return nil
	}
	return []*spdx.PackageExternalReference{{Category: common.CategoryPackageManager, RefType: common.TypePackageManagerPURL, Locator: purl}}
}

// spdxID makes an identifier of letters, digits, "." and "-" that no other parts have.
func spdxID(parts ...string) common.ElementID {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	readable := strings.Map(func(r rune) rune {
		if r < 0x80 && (r == '.' || r == '-' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z') {
			return r
		}
		return '-'
	}, strings.Join(parts[:min(3, len(parts))], "-"))
	return common.ElementID(readable + "-" + hex.EncodeToString(sum[:4]))
}

// uuidOf makes a UUID of version 8 out of an artifact's digest and a document: https://www.rfc-editor.org/rfc/rfc9562#section-5.8
func uuidOf(subject string, document []byte) string {
	h := sha256.New()
	h.Write([]byte(subject + "\x00"))
	h.Write(document)
	u := h.Sum(nil)[:16]
	u[6], u[8] = u[6]&0x0f|0x80, u[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}
