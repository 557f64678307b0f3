package build

// netStubs declare, by import path, the functions of Go's library that need a network. What refers to them is found by
// type-checking a package against these alone: without the real library, whose thousands of declarations would take
// longer than the compiler does. A method is found on whatever variable, field or embedded type it is called.
// What serves or uses a connection that a caller brings along is missing on purpose: a WebAssembly runtime may hand
// over an open socket, which [net.FileListener] takes.
func netStubs() map[string]string {
	return map[string]string{
		"net": `package net
type Conn interface{}
type Listener interface{}
type TCPConn struct{}
type UDPConn struct{}
type UnixConn struct{}
type TCPListener struct{}
type UnixListener struct{}
type Dialer struct{}
func (*Dialer) Dial(...any) (Conn, error)
func (*Dialer) DialContext(...any) (Conn, error)
func (*Dialer) DialTCP(...any) (*TCPConn, error)
func (*Dialer) DialUDP(...any) (*UDPConn, error)
func (*Dialer) DialUnix(...any) (*UnixConn, error)
type ListenConfig struct{}
func (*ListenConfig) Listen(...any) (Listener, error)
func (*ListenConfig) ListenPacket(...any) (Conn, error)
type Resolver struct{}
func (*Resolver) LookupAddr(...any) ([]string, error)
func (*Resolver) LookupCNAME(...any) (string, error)
func (*Resolver) LookupHost(...any) ([]string, error)
func (*Resolver) LookupIP(...any) (any, error)
func (*Resolver) LookupIPAddr(...any) (any, error)
func (*Resolver) LookupMX(...any) (any, error)
func (*Resolver) LookupNS(...any) (any, error)
func (*Resolver) LookupNetIP(...any) (any, error)
func (*Resolver) LookupSRV(...any) (string, any, error)
func (*Resolver) LookupTXT(...any) ([]string, error)
var DefaultResolver *Resolver
func Dial(...any) (Conn, error)
func DialTimeout(...any) (Conn, error)
func DialIP(...any) (Conn, error)
func DialTCP(...any) (*TCPConn, error)
func DialUDP(...any) (*UDPConn, error)
func DialUnix(...any) (*UnixConn, error)
func Listen(...any) (Listener, error)
func ListenIP(...any) (Conn, error)
func ListenMulticastUDP(...any) (*UDPConn, error)
func ListenPacket(...any) (Conn, error)
func ListenTCP(...any) (*TCPListener, error)
func ListenUDP(...any) (*UDPConn, error)
func ListenUnix(...any) (*UnixListener, error)
func ListenUnixgram(...any) (*UnixConn, error)
func LookupAddr(...any) ([]string, error)
func LookupCNAME(...any) (string, error)
func LookupHost(...any) ([]string, error)
func LookupIP(...any) (any, error)
func LookupMX(...any) (any, error)
func LookupNS(...any) (any, error)
func LookupSRV(...any) (string, any, error)
func LookupTXT(...any) ([]string, error)
`,
		"net/http": `package http
type Request struct{}
type Response struct{}
type Client struct{}
func (*Client) Do(...any) (*Response, error)
func (*Client) Get(...any) (*Response, error)
func (*Client) Head(...any) (*Response, error)
func (*Client) Post(...any) (*Response, error)
func (*Client) PostForm(...any) (*Response, error)
type Server struct{}
func (*Server) ListenAndServe() error
func (*Server) ListenAndServeTLS(...any) error
type Transport struct{}
func (*Transport) RoundTrip(...any) (*Response, error)
var DefaultClient *Client
func Get(...any) (*Response, error)
func Head(...any) (*Response, error)
func Post(...any) (*Response, error)
func PostForm(...any) (*Response, error)
func ListenAndServe(...any) error
func ListenAndServeTLS(...any) error
`,
		"crypto/tls": `package tls
type Conn struct{}
type Dialer struct{}
func (*Dialer) Dial(...any) (any, error)
func (*Dialer) DialContext(...any) (any, error)
func Dial(...any) (*Conn, error)
func DialWithDialer(...any) (*Conn, error)
func Listen(...any) (any, error)
`,
		"log/syslog": `package syslog
func Dial(...any) (any, error)
func New(...any) (any, error)
func NewLogger(...any) (any, error)
`,
		"net/rpc": `package rpc
func Dial(...any) (any, error)
func DialHTTP(...any) (any, error)
func DialHTTPPath(...any) (any, error)
`,
		"net/rpc/jsonrpc": `package jsonrpc
func Dial(...any) (any, error)
`,
		"net/smtp": `package smtp
func Dial(...any) (any, error)
func SendMail(...any) error
`,
		"net/textproto": `package textproto
func Dial(...any) (any, error)
`,
	}
}
