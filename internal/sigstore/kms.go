package sigstore

import (
	"strings"
)

// KeyServices are the schemes of keys in key management services, and what each stands for.
func KeyServices() map[string]string {
	return map[string]string{
		"awskms://":     "AWS KMS",
		"azurekms://":   "Azure Key Vault",
		"gcpkms://":     "Google Cloud KMS",
		"hashivault://": "HashiCorp Vault or OpenBao",
	}
}

// IsKeyURI reports whether a key is named by a URI, and not as a file.
func IsKeyURI(key string) bool { return strings.Contains(key, "://") }

// KeyServiceError is a key in a service that this build does not know, or that fails.
type KeyServiceError struct {
	URI string
	// Service is a name from [KeyServices], empty for a scheme that is unknown.
	Service string
	// Missing is true when this build leaves out what speaks to the service.
	Missing bool
	Err     error
}

// Error implements error.
func (e *KeyServiceError) Error() string {
	switch {
	case e.Service == "":
		return "key " + e.URI + ": no key service has this scheme"
	case e.Missing:
		return "key " + e.URI + ": this build of wpk does not speak to " + e.Service
	}
	return "key " + e.URI + ": " + e.Service + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *KeyServiceError) Unwrap() error { return e.Err }

// keyService is the service of a URI, empty when there is none.
func keyService(uri string) string {
	for scheme, service := range KeyServices() {
		if strings.HasPrefix(uri, scheme) {
			return service
		}
	}
	return ""
}
