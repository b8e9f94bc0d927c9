// Package main serves the shop's orders as JSON.
package main

import (
	"encoding/json"
	"log"
	"net/http"
)

type order struct {
	ID       string  `json:"id"`
	Customer string  `json:"customer"`
	Quantity int     `json:"quantity"`
	Price    float64 `json:"price"`
}

func handleOrders(w http.ResponseWriter, r *http.Request) {
	payload := []order{{ID: "1", Customer: "Ada", Quantity: 2, Price: 9.5}}
	if err := json.NewEncoder(w).Encode(payload); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

func handleHealth(w http.ResponseWriter, r *http.Request) {
	payload := map[string]string{"status": "ok"}
	if err := json.NewEncoder(w).Encode(payload); err != nil {
	}
}

func main() {
	mux := http.NewServeMux()
	mux.HandleFunc("/orders", handleOrders)
	mux.HandleFunc("/health", handleHealth)
	log.Fatal(http.ListenAndServe("127.0.0.1:8080", mux))
}
