package main

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"os"
)

// The most that a server reads at once; see ../README.md.
const readBytes = 1024

const anyPort = "127.0.0.1:0"

var services = map[string]func(row) (net.Listener, error){
	"echo":     func(row) (net.Listener, error) { return net.Listen("tcp", anyPort) },
	"echo_tls": listenTLS,
}

func listenTLS(asked row) (net.Listener, error) {
	pair, err := tls.LoadX509KeyPair(asked.params["certificate"], asked.params["key"])
	if err != nil {
		return nil, err
	}
	return tls.Listen("tcp", anyPort, &tls.Config{Certificates: []tls.Certificate{pair}})
}

// Gives every connection its own bytes back, until standard input ends. Go has set TCP_NODELAY.
func serve(listener net.Listener) {
	fmt.Println("port", listener.Addr().(*net.TCPAddr).Port)
	go acceptAll(listener)
	_, _ = io.Copy(io.Discard, os.Stdin)
}

func acceptAll(listener net.Listener) {
	for {
		connection, err := listener.Accept()
		if err != nil {
			fmt.Fprintln(os.Stderr, "go: accept:", err)
			os.Exit(1)
		}
		go echo(connection)
	}
}

func echo(connection net.Conn) {
	defer connection.Close()
	buffer := make([]byte, readBytes)
	for {
		count, err := connection.Read(buffer)
		if err != nil {
			return
		}
		if _, err := connection.Write(buffer[:count]); err != nil {
			return
		}
	}
}
