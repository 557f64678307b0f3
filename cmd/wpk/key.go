package main

import (
	"context"
	"crypto"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/wpkdev/wpk/internal/sigstore"
)

func newKey(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:     "key",
		Short:   "Make and convert keys to sign with",
		Example: "  wpk key generate\n  wpk key public wpk.key\n  wpk key import openssl.pem --output release",
		Args:    knownVerb,
		RunE:    func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newKeyGenerate(a), newKeyPublic(a), newKeyImport(a))
	return c
}

type keyOptions struct {
	algorithm    string
	output       string
	passwordFile string
	force        bool
	json         bool
}

// keyResult is what the verbs of key print.
type keyResult struct {
	Private string `json:"private,omitempty"`
	Public  string `json:"public,omitempty"`
	ID      string `json:"keyId"`
	PEM     string `json:"publicKey"`
}

func (o *keyOptions) register(c *cobra.Command) {
	f := c.Flags()
	f.StringVarP(&o.output, "output", "o", "wpk", "`NAME` of the files: NAME.key and NAME.pub")
	f.BoolVar(&o.force, "force", false, "overwrite files that are there")
	passwordFlag(c, &o.passwordFile)
	jsonFlag(c, &o.json)
}

func passwordFlag(c *cobra.Command, file *string) {
	c.Flags().StringVar(file, "password-file", "", "`FILE` whose only line is the key's password (else $WPK_PASSWORD, $COSIGN_PASSWORD, a question)")
}

func newKeyGenerate(a *app) *cobra.Command {
	var o keyOptions
	c := &cobra.Command{
		Use:   "generate",
		Short: "Make a new key to sign with",
		Long: `Makes a key and writes its two files: NAME.key, encrypted with a password as
cosign does it, and NAME.pub for everybody. cosign reads both.

ecdsa-p256 is what every verifier takes. ed25519 and ecdsa-p384 are not taken by
every transparency log, and need options of cosign's: docs/sign.md.`,
		Example: `  wpk key generate
  wpk key generate --output release --algorithm rsa-4096
  WPK_PASSWORD=… wpk key generate --output ci --json`,
		Args: operands(),
		RunE: func(*cobra.Command, []string) error { return runKeyGenerate(a, o) },
	}
	o.register(c)
	c.Flags().StringVar(&o.algorithm, "algorithm", string(sigstore.P256), "`KIND` of key: "+orList(algorithmNames()))
	return c
}

func algorithmNames() []string {
	var names []string
	for _, a := range sigstore.Algorithms() {
		names = append(names, string(a))
	}
	return names
}

func runKeyGenerate(a *app, o keyOptions) error {
	if !slices.Contains(algorithmNames(), o.algorithm) {
		return &valueError{"--algorithm", o.algorithm, "want " + orList(algorithmNames())}
	}
	return a.writeKey(o, func() (crypto.Signer, error) { return sigstore.Generate(sigstore.Algorithm(o.algorithm)) })
}

func newKeyImport(a *app) *cobra.Command {
	var o keyOptions
	c := &cobra.Command{
		Use:   "import FILE",
		Short: "Encrypt a key that another program made",
		Long: `Reads a private key (PEM in PKCS #8, PKCS #1 or SEC 1, or a file of cosign's) and
writes it as wpk key generate does. The password is that of the new file; one
that the old file has is asked for first.`,
		Example: `  wpk key import openssl.pem
  wpk key import ec.pem --output release
  wpk key import cosign.key --output copy --password-file pass.txt`,
		Args: operands("FILE"),
		RunE: func(_ *cobra.Command, argv []string) error {
			return a.writeKey(o, func() (crypto.Signer, error) { return a.readKey(argv[0], o.passwordFile) })
		},
	}
	o.register(c)
	return c
}

// writeKey writes a key's two files. Names that are taken are told before a password is asked for.
func (a *app) writeKey(o keyOptions, get func() (crypto.Signer, error)) error {
	files := filesOf(o.output)
	if !o.force {
		free, err := files.take()
		if err != nil {
			return err
		}
		free()
	}
	key, err := get()
	if err != nil {
		return err
	}
	password, err := a.password(o.passwordFile, files.Private, true)
	if err != nil {
		return err
	}
	private, err := sigstore.EncryptPrivateKey(key, password)
	if err != nil {
		return err
	}
	res, err := publicOf(key.Public())
	if err != nil {
		return err
	}
	if err := files.write(private, []byte(res.PEM), o.force); err != nil {
		return err
	}
	a.ui.Say("key: %s is the secret one, %s is for everybody who verifies", files.Private, files.Public)
	if o.json {
		res.Private, res.Public = files.Private, files.Public
		return a.printJSON(res)
	}
	_, err = fmt.Fprintf(a.ui.Out, "%s\n", files.Public)
	return err
}

func newKeyPublic(a *app) *cobra.Command {
	var o keyOptions
	c := &cobra.Command{
		Use:   "public KEY",
		Short: "Print the public half of a key",
		Long: `Prints the public key of a private key's file, or of a key in a key service, as
PEM. It is what whoever verifies needs.`,
		Example: `  wpk key public wpk.key > wpk.pub
  wpk key public --json wpk.key | jq -r .keyId
  wpk key public hashivault://release`,
		Args: operands("KEY"),
		RunE: func(c *cobra.Command, argv []string) error { return runKeyPublic(c.Context(), a, o, argv[0]) },
	}
	passwordFlag(c, &o.passwordFile)
	jsonFlag(c, &o.json)
	return c
}

func runKeyPublic(ctx context.Context, a *app, o keyOptions, name string) error {
	key, err := a.openKey(ctx, name, o.passwordFile)
	if err != nil {
		return err
	}
	res, err := publicOf(key.Public())
	if err != nil {
		return err
	}
	if o.json {
		return a.printJSON(res)
	}
	_, err = fmt.Fprint(a.ui.Out, res.PEM)
	return err
}

func publicOf(public crypto.PublicKey) (keyResult, error) {
	id, err := sigstore.KeyID(public)
	if err != nil {
		return keyResult{}, err
	}
	raw, err := sigstore.MarshalPublicKey(public)
	return keyResult{ID: id, PEM: string(raw)}, err
}
